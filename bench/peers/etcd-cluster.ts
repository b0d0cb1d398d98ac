import type { ClusterKind } from "./cluster.ts";

/** Debian's etcd, otherwise as it comes: it syncs every write at a majority before it answers. */
export const etcdVoters: ClusterKind = {
  name: "etcd",
  command: ({ id, port, peerPort, folder }, seats) => [
    ...["etcd", "--name", id, "--data-dir", folder, "--log-level", "error"],
    ...["--listen-client-urls", url(port), "--advertise-client-urls", url(port)],
    ...["--listen-peer-urls", url(peerPort), "--initial-advertise-peer-urls", url(peerPort)],
    ...["--initial-cluster", seats.map((seat) => `${seat.id}=${url(seat.peerPort)}`).join(",")],
    // For the long runs here; a cluster of any size in use is told the same.
    ...["--quota-backend-bytes", String(8 * 1024 ** 3)],
  ],
  serves: (port) => etcdCall(port, "kv/range", { key: Buffer.from("no such key").toString("base64") }),
  leads: async (port) => {
    const { header, leader } = (await etcdCall(port, "maintenance/status", {})) as Status;
    return leader === header.member_id;
  },
};

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

function url(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Asks over etcd's JSON gateway, which is good for single questions. */
export async function etcdCall(port: number, method: string, request: object): Promise<unknown> {
  const response = await fetch(`${url(port)}/v3/${method}`, {
    method: "POST",
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`etcd answers ${method} with ${await response.text()}`);
  return response.json();
}
