import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler, Server } from "../server.ts";
import { type Section, sections } from "./info-sections.ts";

export const infoHandlers: Readonly<Record<string, LocalHandler>> = { info };

/**
 * INFO [section …], in Redis' form and order, whatever the order of the question. "default" stands for what
 * no argument gives, "all" and "everything" for all there is. A section that nobody knows is left out.
 */
function info({ out, server }: Connection, args: Arguments): void {
  out.verbatim(
    "txt",
    chosen(args)
      .map((section) => textOf(section, server))
      .join("\r\n"),
  );
}

function chosen(args: Arguments): readonly Section[] {
  const usual = sections.filter((section) => section.isUsual);
  if (args.count === 1) return usual;
  const found = new Set<Section>();
  for (let i = 1; i < args.count; i++) {
    if (args.is(i, "all") || args.is(i, "everything")) return sections;
    const named = args.is(i, "default")
      ? usual
      : sections.filter(({ title }) => args.is(i, title.toLowerCase()));
    for (const section of named) found.add(section);
  }
  return sections.filter((section) => found.has(section));
}

function textOf({ title, fields }: Section, server: Server): string {
  const lines = fields(server).map(([name, value]) => `${name}:${value}\r\n`);
  return `# ${title}\r\n${lines.join("")}`;
}
