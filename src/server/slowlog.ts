import type { Arguments } from "../protocol/arguments.ts";
import type { Session } from "./session.ts";

export class SlowLog {
  add(_wallMs: number, _micros: number, _args: Arguments, _session: Session, _entriesMax: number): void {}
}
