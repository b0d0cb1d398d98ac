import type { Duplex } from "node:stream";
import { GrpcChannel, GrpcRequest } from "./grpc-channel.ts";
import { keyBytes, keyOf, valueBytes } from "./set-batch.ts";

/** What is asked of etcd; "stale-get" is its serializable read. */
export type EtcdCommand = "put" | "get" | "stale-get";

/** Bytes of keys and values are below 128: their lengths take one byte. */
const keyField = 0x0a;
const valueField = 0x12;
const serializableField = 0x38;
const keyAt = 2;

/** One call after the other over a connection to etcd; `onAnswer` gets the error of each, or undefined. */
export function etcdCalls(
  command: EtcdCommand,
  socket: Duplex,
  onAnswer: (error: string | undefined) => void,
): (index: number) => void {
  const request = etcdRequest(command);
  const channel = new GrpcChannel(socket, (error) => {
    const isMiss = command !== "put" && channel.answerBytes < valueBytes;
    onAnswer(error ?? (isMiss ? "a key does not exist" : undefined));
  });
  return (index) => {
    setKey(request, index);
    channel.call(request);
  };
}

/** etcd's counterpart of SET or GET, for keys as the other side has them. */
function etcdRequest(command: EtcdCommand): GrpcRequest {
  const key = Buffer.concat([Buffer.from([keyField, keyBytes]), Buffer.from(keyOf(0), "latin1")]);
  if (command === "put") {
    const value = Buffer.concat([Buffer.from([valueField, valueBytes]), Buffer.alloc(valueBytes, "x")]);
    return new GrpcRequest("/etcdserverpb.KV/Put", Buffer.concat([key, value]));
  }
  const flags = command === "stale-get" ? [serializableField, 1] : [];
  return new GrpcRequest("/etcdserverpb.KV/Range", Buffer.concat([key, Buffer.from(flags)]));
}

function setKey(request: GrpcRequest, index: number): void {
  request.message.write(keyOf(index), keyAt, "latin1");
}
