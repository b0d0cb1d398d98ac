import type { Logger } from "../platform/logger.ts";
import type { Message } from "../raft/message.ts";
import { messageText } from "../raft/message-text.ts";
import type { Status } from "../raft/ready.ts";
import type { NodeId, Term } from "../raft/types.ts";

/** What people read of consensus: who leads, and for developers, what members say to each other. */
export class ConsensusLog {
  readonly #logger: Logger;
  /** Who leads, as far as the log of this process says. */
  #toldLeader: NodeId | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** All but what goes along with every write and read. */
  message(arrow: "→" | "←", other: NodeId, message: Message): void {
    if (this.#logger.isDebugging !== true || withEveryCommand.has(message.type)) return;
    this.#logger.debug(`${arrow} ${other} ${messageText(message)}`);
  }

  /** Who leads, once for each: elections that nobody has won yet are for developers. */
  status({ role, leaderId }: Status, term: Term): void {
    const logger = this.#logger;
    if (leaderId === undefined && this.#toldLeader === undefined)
      logger.debug(`${role === "follower" ? "knows no leader" : electionTexts[role]} in term ${term}`);
    else if (leaderId === undefined) logger.info(`knows no leader any more, since term ${term}`);
    else logger.info(`${role === "leader" ? "leads" : `follows ${leaderId}`} in term ${term}`);
    this.#toldLeader = leaderId;
  }
}

const withEveryCommand: ReadonlySet<Message["type"]> = new Set([
  "appendEntries",
  "appendReply",
  "readIndex",
  "readIndexReply",
]);

const electionTexts = {
  leader: "leads",
  candidate: "asks for votes",
  preCandidate: "asks whether it would get votes",
} as const;
