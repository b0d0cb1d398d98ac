import { isAlias, isMap, isScalar, LineCounter, type Pair, parseDocument } from "yaml";

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** One line of the file's map. */
export interface FileEntry {
  readonly name: string;
  readonly value: unknown;
  /** "kvorum.yaml:3" */
  readonly source: string;
}

/** Reads the entries of a YAML file, or says with line numbers what is wrong with it. */
export function readConfigFile({ path, text }: ConfigFile): { entries: FileEntry[]; problems: string[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const at = (offset: number): string => `${path}:${lineCounter.linePos(offset).line}`;
  const problems = document.errors.map((error) => `${at(error.pos[0])}: ${inWords(error)}`);
  if (problems.length > 0) return { entries: [], problems };
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { entries: [], problems };
  if (!isMap(contents)) {
    return {
      entries: [],
      problems: [`${at(contents.range?.[0] ?? 0)}: expected lines such as "listen: 127.0.0.1:6379"`],
    };
  }
  const entries = contents.items.map((pair): FileEntry => {
    const key = pair.key as { value?: unknown; range?: readonly number[] };
    return { name: String(key.value), value: plainValue(pair, document), source: at(key.range?.[0] ?? 0) };
  });
  return { entries, problems };
}

/** A scalar's value; of anything deeper a word, which no setting takes. */
function plainValue(pair: Pair, document: ReturnType<typeof parseDocument>): unknown {
  const node = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
  if (isScalar(node)) return node.value;
  return isMap(node)
    ? new Nested("a map")
    : node === null || node === undefined
      ? null
      : new Nested("a list");
}

/** Stands for a list or a map where a single value belongs. */
export class Nested {
  readonly kind: string;

  constructor(kind: string) {
    this.kind = kind;
  }
}

function inWords({ code, message }: { code: string; message: string }): string {
  if (code === "MULTIPLE_DOCS") return "only one document is read: take the line --- out";
  return code === "DUPLICATE_KEY" ? "this setting stands in the file twice" : message;
}
