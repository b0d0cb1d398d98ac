/** What a server says: text is a bulk, "+…" and "-…" are lines. */
export type Said = string | number | null | readonly Said[] | ReadonlyMap<Said, Said>;

/** In RESP3. */
export function encodeReply(said: Said): string {
  if (said === null) return "_\r\n";
  if (typeof said === "number") return `:${said}\r\n`;
  if (typeof said === "string")
    return /^[+-]/.test(said) ? `${said}\r\n` : `$${Buffer.byteLength(said)}\r\n${said}\r\n`;
  if (said instanceof Map) return `%${said.size}\r\n${[...said].flat().map(encodeReply).join("")}`;
  const list = said as readonly Said[];
  return `*${list.length}\r\n${list.map(encodeReply).join("")}`;
}

/** What KVORUM STATUS answers. */
export function status(
  id: string,
  term: number,
  leader: string,
  members: Readonly<Record<string, string>>,
): Said {
  return new Map<Said, Said>([
    ["id", id],
    ["role", id === leader ? "leader" : "follower"],
    ["term", term],
    ["leader", leader],
    [
      "members",
      Object.entries(members).map(
        ([name, client]) =>
          new Map([
            ["id", name],
            ["client", client],
          ]),
      ),
    ],
  ]);
}
