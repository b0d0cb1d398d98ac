import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { GrpcChannel, GrpcRequest } from "./grpc-channel.ts";

function frame(kind: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = kind;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const [data, headers, reset, endStream] = [0, 1, 3, 1];

/** Calls made one after the other, each answered with frames for its stream: what became of them. */
function outcomes(answers: readonly ((stream: number) => Buffer)[]): (string | undefined)[] {
  const done: (string | undefined)[] = [];
  const socket = new Duplex({ read() {}, write: (_bytes, _encoding, callback) => callback() });
  const request = new GrpcRequest("/a.B/C", Buffer.from("x"));
  const channel = new GrpcChannel(socket, (error) => {
    done.push(error);
    if (done.length < answers.length) channel.call(request);
  });
  channel.call(request);
  for (const [i, answer] of answers.entries()) socket.emit("data", answer(2 * i + 1));
  return done;
}

const answered = (stream: number): Buffer =>
  Buffer.concat([frame(data, 0, stream, Buffer.from("hello")), frame(headers, endStream, stream)]);
const resetting = (stream: number): Buffer => frame(reset, 0, stream, Buffer.from([0, 0, 0, 0]));

test("a call that is over may still be reset; one that is under way has failed", () => {
  const late = (stream: number): Buffer => Buffer.concat([answered(stream), resetting(stream)]);
  assert.deepEqual(outcomes([late, late, answered]), [undefined, undefined, undefined]);
  assert.deepEqual(outcomes([answered, resetting]), [undefined, "the server reset the call: 00000000"]);
});
