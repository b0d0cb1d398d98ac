import type { Patch } from "../../sim/mutants/mutant.ts";
import { Planted } from "../../sim/mutants/plant.ts";

/** A bug that others have had. `file` is one of the core's. */
export interface Mutant extends Patch {
  readonly name: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: "votes twice in a term",
    file: "raft.js",
    right: "const isFree = this.#vote === undefined && this.#leaderId === undefined;",
    wrong: "const isFree = this.#leaderId === undefined; if (isFree) this.#vote = undefined;",
  },
  {
    name: "a vote is told before it is durable",
    file: "raft.js",
    right: 'this.promise({ type: "voteReply"',
    wrong: 'this.send({ type: "voteReply"',
  },
  {
    name: "forgets its vote when it loses an election",
    file: "raft.js",
    right: "const hasLed = this.leader !== undefined;",
    wrong: 'const hasLed = this.leader !== undefined; if (this.role === "candidate") this.#vote = undefined;',
  },
  {
    name: "a new term is not made durable",
    file: "raft.js",
    right: "this.#vote = vote;\n        this.#isHardStateGiven = false;",
    wrong: "this.#vote = vote;\n        this.#isHardStateGiven = vote === undefined;",
  },
  {
    name: "votes for any log",
    file: "log.js",
    right: "return last.term > term || (last.term === term && last.index >= this.lastIndex);",
    wrong: "return true;",
  },
  {
    name: "compares logs by their length alone",
    file: "log.js",
    right: "return last.term > term || (last.term === term && last.index >= this.lastIndex);",
    wrong: "return last.index >= this.lastIndex;",
  },
  {
    name: "acknowledges before the entries are durable",
    file: "follower.js",
    right: 'this.#raft.promise({ type: "appendReply"',
    wrong: 'this.#raft.send({ type: "appendReply"',
  },
  {
    name: "acknowledges all that its log holds",
    file: "follower.js",
    right: "const last = previous.index + entries.length;",
    wrong: "const last = this.#raft.log.lastIndex;",
  },
  {
    name: "an append commits beyond what it brought",
    file: "follower.js",
    right: "Math.min(commitIndex, last)",
    wrong: "Math.min(commitIndex, this.#raft.log.lastIndex)",
  },
  {
    name: "the leader counts what is not on its own disk",
    file: "peers.js",
    right: "id === this.#raft.id ? this.#raft.log.stableIndex :",
    wrong: "id === this.#raft.id ? this.#raft.log.lastIndex :",
  },
  {
    name: "commits an older term's entry by counting",
    file: "leader.js",
    right: "if (index <= log.commitIndex || log.termOf(index) !== term)",
    wrong: "if (index <= log.commitIndex)",
  },
  {
    name: "an old message truncates the log",
    file: "log.js",
    right: "entry.index > this.commitIndex && !this.has(entry)",
    wrong: "entry.index > this.commitIndex",
  },
  {
    name: "appends behind whatever is there",
    file: "log.js",
    right: "previous.index <= this.commitIndex : this.has(previous)",
    wrong: "previous.index <= this.commitIndex : previous.index <= this.lastIndex",
  },
  {
    name: "what was overwritten while it was being written counts as durable",
    file: "log.js",
    right: "write.lastIndex = Math.min(write.lastIndex, index - 1);",
    wrong: ";",
  },
  {
    name: "applies what is not durable here",
    file: "log.js",
    right: "Math.min(this.commitIndex, this.stableIndex)",
    wrong: "this.commitIndex",
  },
  {
    name: "a heartbeat commits what the follower may not have",
    file: "peers.js",
    right: "const commitIndex = Math.min(match, log.commitIndex);",
    wrong: "const { commitIndex } = log;",
  },
  {
    name: "two changes of members at once",
    file: "leader.js",
    right: "if (membership.index > commitIndex)",
    wrong: "if (false)",
  },
  {
    name: "changes members before an entry of the own term is committed",
    file: "leader.js",
    right: "if (!this.#hasCommittedInTerm) {",
    wrong: "if (false) {",
  },
  {
    name: "a truncated configuration stays in force",
    file: "membership.js",
    right: "cutFrom(index) {",
    wrong: "cutFrom(index) { return;",
  },
  {
    name: "a configuration comes into force when it is committed",
    file: "membership.js",
    right: "get current() {\n        return this.#history.at(-1).configuration;",
    wrong: "get current() {\n        return this.#history[0].configuration;",
  },
  {
    name: "learners count",
    file: "membership.js",
    right: "configuration.members.filter(({ isVoter }) => isVoter).map",
    wrong: "configuration.members.map",
  },
  {
    name: "a removed leader counts itself",
    file: "quorum.js",
    right: "return reachedBy(majorityOf(voters.length), voters, reached);",
    wrong: "return reachedBy(majorityOf(voters.length) - 1 || 1, voters, reached);",
  },
  {
    name: "a read does not wait for an entry of the own term",
    file: "leader.js",
    right: "if (!this.#reads.isRoundDue || !this.#hasCommittedInTerm)",
    wrong: "if (!this.#reads.isRoundDue)",
  },
  {
    name: "a read joins a round that had begun",
    file: "read-index.js",
    right: "this.#waiting.tokens.push(token);",
    wrong: "(this.isRoundOpen ? this.#inRound : this.#waiting).tokens.push(token);",
  },
  {
    name: "a read does not wait for a majority",
    file: "read-index.js",
    right: "if (!this.isRoundOpen || round < this.#round)",
    wrong: "if (!this.isRoundOpen)",
  },
  {
    name: "a late answer is taken for that of another read",
    file: "read-index.js",
    right: "if (request !== this.#request)",
    wrong: "if (false)",
  },
  {
    name: "a snapshot takes back what is committed",
    file: "follower.js",
    right: "else if (snapshot.index > log.commitIndex)",
    wrong: "else",
  },
  {
    name: "a failed snapshot is waited for for ever",
    file: "progress.js",
    right: 'if (this.state !== "snapshot")',
    wrong: "if (!isDone)",
  },
  {
    name: "lost entries are never sent again",
    file: "progress.js",
    right: "this.isCheckDue = true;",
    wrong: ";",
  },
  {
    name: "takes an answer to the process before for that of its own question",
    file: "follower.js",
    right: "if (boot !== this.#raft.config.boot)",
    wrong: "if (false)",
  },
];

/** Builds the core with the bug in a folder of its own, and does something with the module that has RawNode. */
export async function withMutant<T>(mutant: Mutant, use: (path: string) => Promise<T> | T): Promise<T> {
  const patch = { ...mutant, file: `raft/${mutant.file}` };
  using planted = new Planted(patch, ["src/base", "src/raft"]);
  return await use(planted.pathOf("raft/raw-node.js"));
}
