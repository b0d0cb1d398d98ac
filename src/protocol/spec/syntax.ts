import { assert } from "../../base/assert.ts";

/** One argument of a command, as COMMAND DOCS describes it. */
export interface SyntaxArgument {
  readonly name: string;
  readonly type: SyntaxType;
  /** The word that stands before the argument, or is the argument. */
  readonly token?: string;
  readonly optional: boolean;
  readonly multiple: boolean;
  /** Whether the token is repeated with each of several values. */
  readonly multipleToken: boolean;
  /** The alternatives of a "oneof", the parts of a "block". */
  readonly parts: readonly SyntaxArgument[];
}

export type SyntaxType =
  | "key"
  | "string"
  | "integer"
  | "double"
  | "pattern"
  | "unix-time"
  | "pure-token"
  | "oneof"
  | "block";

/**
 * Reads the syntax of a row. The language is that of redis.io:
 *
 *     key value [NX | XX]      arguments in their order; those in brackets may be left out
 *     <ON | OFF>               one of several; a word in capitals is written as it is: a token
 *     [AUTH user password]     a token with what belongs to it
 *     key value [key value ...]   the same once more, and so on; for a choice also `<A | B> [...]`
 */
export function parseSyntax(syntax: string): readonly SyntaxArgument[] {
  const parser = new SyntaxParser(syntax);
  const found = parser.sequence();
  assert(parser.isAtEnd, `a closing bracket too many in: ${syntax}`);
  return found;
}

class SyntaxParser {
  readonly #syntax: string;
  readonly #words: readonly string[];
  #at = 0;

  constructor(syntax: string) {
    this.#syntax = syntax;
    this.#words = syntax.match(/\.\.\.|[[\]<>|]|[^\s[\]<>|]+/g) ?? [];
  }

  get isAtEnd(): boolean {
    return this.#at === this.#words.length;
  }

  sequence(): SyntaxArgument[] {
    const found: SyntaxArgument[] = [];
    while (!this.isAtEnd && !isCloser(this.#next)) {
      if (this.#skip("<")) found.push(this.#choice(">"));
      else if (!this.#skip("[")) found.push(this.#named());
      else if (!this.#repeats(found)) found.push({ ...this.#choice("]"), optional: true });
    }
    return found;
  }

  /** Behind "[": whether this is "[words ...]"; then the last arguments found are marked. */
  #repeats(found: SyntaxArgument[]): boolean {
    const dots = this.#words.indexOf("...", this.#at);
    const words = this.#words.slice(this.#at, dots);
    if (dots < 0 || words.some(isSign)) return false;
    this.#at = dots + 1;
    this.#expect("]");
    const names = words.filter((word) => !isToken(word));
    const repeated = found.splice(-Math.max(1, names.length));
    assert(
      names.every((name, i) => name === repeated[i]?.name),
      `${names.join(" ")} does not repeat what is before it in: ${this.#syntax}`,
    );
    const one = repeated.length === 1 ? repeated[0]! : group("block", repeated);
    found.push({ ...one, multiple: true, multipleToken: words.length > names.length });
    return true;
  }

  #choice(closer: string): SyntaxArgument {
    const alternatives = [this.#alternative()];
    while (this.#skip("|")) alternatives.push(this.#alternative());
    this.#expect(closer);
    return alternatives.length === 1 ? alternatives[0]! : group("oneof", alternatives);
  }

  #alternative(): SyntaxArgument {
    const token = isToken(this.#next) ? this.#words[this.#at++] : undefined;
    const found = this.sequence();
    const first = found[0];
    if (token === undefined) {
      assert(first !== undefined, `nothing between brackets in: ${this.#syntax}`);
      return found.length === 1 ? first : group("block", found);
    }
    const name = token.toLowerCase();
    if (first === undefined) return { ...plain(name, "pure-token"), token };
    if (found.length > 1 || first.optional) return { ...group("block", found), name, token };
    return { ...first, name: first.type === "oneof" ? name : first.name, token };
  }

  #named(): SyntaxArgument {
    const name = this.#next;
    assert(!isToken(name), `${name} has to begin an alternative in: ${this.#syntax}`);
    this.#at++;
    return plain(name, typeOf(name));
  }

  get #next(): string {
    return this.#words[this.#at] ?? "";
  }

  #skip(word: string): boolean {
    if (this.#next !== word) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    assert(this.#skip(word), `${word} is missing in: ${this.#syntax}`);
  }
}

function plain(name: string, type: SyntaxType): SyntaxArgument {
  return { name, type, optional: false, multiple: false, multipleToken: false, parts: [] };
}

function group(type: "oneof" | "block", parts: readonly SyntaxArgument[]): SyntaxArgument {
  return { ...plain(parts.map((part) => part.name).join("_"), type), parts };
}

function isToken(word: string): boolean {
  return /^[A-Z][A-Z-]*$/.test(word);
}

function isSign(word: string): boolean {
  return /^[[\]<>|]$/.test(word);
}

function isCloser(word: string): boolean {
  return /^[\]>|]$/.test(word);
}

/** A name means the same in every command. */
function typeOf(name: string): SyntaxType {
  if (name.startsWith("unix-time")) return "unix-time";
  return types.get(name) ?? "string";
}

const types: ReadonlyMap<string, SyntaxType> = new Map([
  ...typed("key", "key key1 key2 newkey source destination"),
  ...typed("integer", "seconds milliseconds timeout increment decrement start end offset count len cursor"),
  ...typed("integer", "index index1 index2 db destination-db protover client-id numlocal numreplicas voters"),
  ...typed("integer", "session-id sequence lowest-sequence revision"),
  ...typed("double", "float-increment duration"),
  ...typed("pattern", "pattern"),
]);

function typed(type: SyntaxType, names: string): [string, SyntaxType][] {
  return names.split(" ").map((name) => [name, type]);
}
