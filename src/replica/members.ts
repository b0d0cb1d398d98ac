import { KvorumError } from "../base/errors.ts";
import type { DataDirectory } from "../log/data-directory.ts";
import { entryKinds } from "../log/entry.ts";
import type { Wal } from "../log/wal.ts";
import { type Configuration, decodeConfiguration, encodeConfiguration } from "../raft/configuration.ts";
import type { LogIndex, NodeId, PlacedConfiguration } from "../raft/types.ts";

/**
 * The members of a new cluster are its first entry, the same on all who begin together: there is no other place for
 * them (semantics: membership lives only in the log and the snapshot). Resolves when it is durable.
 *
 * Only for a node that never was a member: one that has lost its disk must not bring its old self back.
 */
export async function begin(directory: DataDirectory, log: Wal, first: Configuration): Promise<void> {
  if (log.lastIndex > 0 || first.members.length === 0) return;
  const { term, vote, commit } = await directory.hardState();
  // No log is ever ahead of the term that is on the disk.
  if (term === 0) await directory.saveHardState({ term: 1, vote, commit });
  log.append({ term: 1, index: 1, kind: entryKinds.configuration, payload: encodeConfiguration(first) });
  await log.sync();
  if (log.stableIndex < 1)
    throw new KvorumError("MISCONF", "the disk took no first entry: mend it, then start the node again");
}

/** The only voter: what it has durably is committed. */
export function alone(id: NodeId): Configuration {
  return { members: [{ id, isVoter: true, about: "" }] };
}

export function isVoterIn({ members }: Configuration, id: NodeId): boolean {
  return members.some((member) => member.id === id && member.isVoter);
}

/** The configurations of the log when it was opened, in order. */
export function configurationsOf(log: Wal): PlacedConfiguration[] {
  return log.configurations.map(({ index, payload }) => ({
    index,
    configuration: decodeConfiguration(payload),
  }));
}

export function isAloneIn({ members }: Configuration, id: NodeId): boolean {
  const voters = members.filter(({ isVoter }) => isVoter);
  return voters.length === 1 && voters[0]!.id === id;
}

/** The one in force as of this entry, where it is among these. */
export function configurationAt(
  placed: readonly PlacedConfiguration[],
  index: LogIndex,
): PlacedConfiguration | undefined {
  return placed.findLast((one) => one.index <= index);
}
