/** What an entry is for. The numbers stand on disk and go to peers: they are never used for anything else. */
export const entryKinds = {
  /** A batch of commands: engine/batch.ts. */
  commands: 1,
  /** The first entry of a leader's term. */
  noop: 2,
  /** The members of the cluster. */
  configuration: 3,
  /** Cluster time alone: removes what is due. */
  time: 4,
  /** Never written: sessions are opened by commands, and end with time. */
  session: 5,
  /** Raises the version by which entries are applied. */
  engineVersion: 6,
  /** Users and other data of the system itself. */
  system: 7,
  /** Not an entry of consensus: the log begins anew behind this one, since a snapshot was installed. */
  base: 8,
} as const;

export type EntryKind = (typeof entryKinds)[keyof typeof entryKinds];

/** An entry's place: (term, index) names it for ever. Index counts from 1; 0 is before the first. */
export interface EntryId {
  readonly term: number;
  readonly index: number;
}

/** One entry of the log. */
export interface LogEntry extends EntryId {
  readonly kind: EntryKind;
  readonly payload: Buffer;
}
