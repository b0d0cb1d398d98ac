/** Where a node listens, or a client connects to. */
export interface Address {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

const pattern = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([a-z0-9._-]+)):(\d{1,5})$/i;

/** Reads HOST:PORT, [IPV6]:PORT. Undefined where it is neither. */
export function parseAddress(text: string): Address | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2]!;
  const port = Number(match[3]);
  return port <= 65_535 ? { host, port } : undefined;
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only programs of this machine reach the host. A name other than localhost is not trusted to. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(name);
}
