import { Censor } from "./censor.ts";
import { Chance } from "./chance.ts";
import { connectionCommands } from "./connection-commands.ts";
import {
  type Conversation,
  type Pipeline,
  type Step,
  step,
  type Turn,
  toBytes,
  type Word,
} from "./conversation.ts";
import { keyCommands, scanOptions } from "./key-commands.ts";
import { mortals } from "./mortals.ts";
import type { Probe } from "./probes.ts";
import { serverCommands } from "./server-commands.ts";
import { stringCommands } from "./string-commands.ts";
import { type Maker, Words } from "./words.ts";

const data: readonly Maker[] = [...stringCommands, ...keyCommands];
const everything: readonly Maker[] = [...data, ...connectionCommands, ...serverCommands];

const turns = 60;
const connections = 3;

/** A conversation of a few hundred commands; the same for the same seed. */
export function generate(seed: number): Conversation {
  return new Generator(new Chance(seed)).conversation();
}

class Generator {
  readonly #chance: Chance;
  readonly #words: Words;
  readonly #censor = new Censor();

  constructor(chance: Chance) {
    this.#chance = chance;
    this.#words = new Words(chance);
  }

  conversation(): Turn[] {
    const made: Turn[] = [];
    while (made.length < turns) made.push(...this.#next());
    return made;
  }

  #next(): Turn[] {
    const connection = this.#connection();
    const share = this.#chance.below(100);
    if (share < 72) return [this.#pipeline(connection, everything, 20)];
    if (share < 88) return this.#transaction(connection);
    const probe = this.#probe(connection, share);
    return this.#censor.admitsProbe(probe) ? [probe] : [];
  }

  #connection(): number {
    return this.#chance.percent(60) ? 0 : this.#chance.below(connections);
  }

  #pipeline(connection: number, makers: readonly Maker[], most: number): Pipeline {
    const count = 1 + this.#chance.below(most);
    return this.#say(
      connection,
      Array.from({ length: count }, () => this.#command(makers)),
    );
  }

  /** One turn over a connection, without what the censor takes out. */
  #say(connection: number, steps: readonly Step[]): Pipeline {
    const said = steps.filter((one) => this.#censor.admits(connection, one));
    this.#censor.endTurn(connection);
    const cuts = this.#chance.percent(35) ? 1 + this.#chance.below(2 ** 30) : 0;
    return { kind: "pipeline", connection, steps: said, cuts };
  }

  /** WATCH, somebody else who may come between, and EXEC. */
  #transaction(connection: number): Turn[] {
    const other = (connection + 1 + this.#chance.below(connections - 1)) % connections;
    const said: Turn[] = [];
    if (this.#chance.percent(70)) {
      // Both in one database: they have to do with each other.
      const begin = [step("DISCARD"), step("SELECT", this.#chance.below(2))];
      said.push(this.#say(connection, [...begin, step("WATCH", ...this.#words.keys(3))]));
      if (this.#chance.percent(70)) said.push(this.#say(other, [...begin, this.#command(data)]));
    }
    const queued = Array.from({ length: this.#chance.below(8) }, () => this.#command(everything));
    const end = this.#chance.percent(85) ? [step("EXEC")] : [step("DISCARD")];
    const parts = this.#chance.percent(50)
      ? [[step("MULTI"), ...queued, ...end]]
      : [[step("MULTI")], queued, end];
    return [...said, ...parts.map((part) => this.#say(connection, part))];
  }

  #probe(connection: number, share: number): Probe {
    const words = this.#words;
    if (share < 93) {
      return { kind: "walk", connection, options: words.options(3, scanOptions(words)).map(toBytes) };
    }
    if (share < 95) return { kind: "draw", connection };
    if (share < 97) return { kind: "expiry", connection, ...mortals(words) };
    if (share < 99) return { kind: "garbage", connection, bytes: toBytes(this.#chance.pick(garbage)) };
    return { kind: "kill", connection };
  }

  #command(makers: readonly Maker[]): Step {
    const { name, make } = this.#chance.pickWeighted(makers);
    const args = [this.#words.word(name), ...make(this.#words)];
    const isInline = this.#chance.percent(4) && name !== "";
    return { ...step(...this.#spoil(args)), isInline };
  }

  /** Seldom: one argument too many or too few, or in the wrong place. */
  #spoil(args: readonly Word[]): readonly Word[] {
    const chance = this.#chance;
    if (!chance.percent(4)) return args;
    const at = 1 + chance.below(args.length);
    const [head, tail] = [args.slice(0, at), args.slice(at)];
    switch (chance.below(4)) {
      case 0:
        return head;
      case 1:
        return [...head, this.#words.odd(), ...tail];
      case 2:
        return [...args, this.#words.odd()];
      default:
        return [...head, ...tail.slice(1)];
    }
  }
}

/** Bytes that stand where a command should. */
const garbage: readonly Word[] = [
  "\r\n\r\n",
  "*0\r\n",
  "*-1\r\n",
  "*-100\r\n",
  "*x\r\n",
  "*\r\n",
  "*1\r\n:1\r\n",
  "*1\r\n$x\r\n",
  "*1\r\n$-1\r\n",
  "*2\r\n$4\r\nPING\r\n$-2\r\n",
  "*99999999999\r\n",
  "*1\r\n$99999999999\r\n",
  "*1\r\n$\r\n",
  'SET "a b\r\n',
  "GET 'a'b\r\n",
  'ECHO "\\x41\\n\\q"\r\n',
];
