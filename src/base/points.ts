/**
 * All states that `reached` names, by the file of src in which each of them is named once. `of` says what it
 * belongs to: a point of the checklist of known mistakes (numbered as in docs/correctness.md), or a kind of fault of the
 * simulator. A run of many seeds fails where one of them is never reached (sim/README.md).
 */
export const points = {
  "raft/raft.ts": {
    "pre-candidate-gives-way": { of: [4], is: "another one asks at the same time, and may go first" },
    "pre-vote-refused": { of: [3], is: "would not vote: leads, or has just heard who does" },
    "vote-refused-without-entering-term": {
      of: [3],
      is: "asked for a vote of a later term, and stays in its own",
    },
    "pre-candidate-told-of-term": {
      of: [4],
      is: "the refusal of a pre-vote brings it to the term of the others",
    },
    "vote-for-successor": { of: [13], is: "votes although its leader is well, since that one wants it" },
    "one-vote-a-term": { of: [6], is: "asked for a vote by one, and has given it to another" },
    "vote-told-again": { of: [6], is: "asked twice for the same vote, and says the same" },
    "vote-refused-to-shorter-log": { of: [1], is: "asked for a vote by one that may lack what is committed" },
    "vote-over-uncommitted-members": {
      of: [22],
      is: "votes while its own log ends in members that may be undone",
    },
    "campaign-of-removed-voter": {
      of: [22],
      is: "campaigns with its own removal in its log, which only it may have",
    },
    "silent-since-disk-hangs": { of: ["slow disk"], is: "does not campaign, since it could not write" },
    "leader-gone": { of: ["crash"], is: "a connection to the leader was refused: its process is gone" },
    "leader-deposed": { of: [3, "partition"], is: "a leader hears of a later term" },
    "read-without-leader": { of: [11], is: "there is nobody to ask which entry a read must see" },
  },
  "raft/outbox.ts": {
    "promise-outdated": { of: [6], is: "what a promise rested on is durable when its term is over" },
  },
  "raft/election-timer.ts": {
    "slept-through-timeout": {
      of: [23, "pause", "block"],
      is: "more time has passed at once than an election timeout",
    },
  },
  "raft/candidate.ts": {
    "election-lost": { of: [6], is: "a majority refuses its vote: the own one stays given" },
    "pre-vote-lost": { of: [4], is: "a majority would refuse its vote: no term begins" },
    "election-split": { of: [23], is: "nobody has won in time: another attempt, with another timeout" },
    "candidate-finds-leader": { of: [5], is: "campaigns in a term that has a leader" },
  },
  "raft/follower.ts": {
    "leader-unconfirmed": {
      of: [5, "partition"],
      is: "hears a leader that has not heard a majority of late",
    },
    "append-refused": { of: [9], is: "does not have the entry in front of the new ones" },
    "snapshot-of-known-entries": {
      of: [10],
      is: "has all of a snapshot in its log, not known to be committed",
    },
    "snapshot-outdated": { of: [10], is: "has committed all of the snapshot that arrives" },
    "read-answer-for-earlier-life": {
      of: [11],
      is: "an answer to what this node asked before it was restarted",
    },
    "timeout-now-obeyed": { of: [13, "transfer"], is: "campaigns at once, since the leader wants it" },
    "only-voter-left": { of: [21], is: "nobody else votes any more: campaigns without waiting" },
  },
  "raft/log.ts": {
    "append-repeated": { of: [9], is: "an old message has nothing new, and takes nothing back" },
    "append-behind-snapshot": { of: [9], is: "a message begins before what the snapshot covers" },
    "entries-replaced": { of: [9], is: "what was never committed gives way to the leader's entries" },
    "durable-entries-replaced": { of: [9], is: "so does what is on the disk already" },
    "entry-replaced-while-written": {
      of: [6],
      is: "what a write under way carries is no longer part of the log",
    },
    "committed-before-durable": { of: [7], is: "is told of a commit that its own disk does not have yet" },
    "snapshot-installed-over-tail": {
      of: [10],
      is: "a snapshot takes the place of entries that were not committed",
    },
    "snapshot-installed-over-conflict": {
      of: [10],
      is: "such entries reach as far as the snapshot, and contradict it",
    },
    "newer-snapshot-while-installing": {
      of: [10],
      is: "a snapshot arrives while the one before is being installed",
    },
  },
  "raft/membership.ts": {
    "members-undone": { of: [2], is: "a configuration is truncated, and the one before is in force again" },
    "members-of-snapshot": { of: [25], is: "the members are those of a snapshot: the log has none" },
  },
  "raft/leader.ts": {
    "leader-without-majority": {
      of: [5, 12, "partition"],
      is: "has heard no majority for too long, and steps down",
    },
    "leader-held-up-by-disk": { of: [20, "slow disk"], is: "cannot write, and steps down" },
    "older-term-held-by-majority": {
      of: [1],
      is: "a majority holds an entry of an earlier term, which commits nothing",
    },
    "committed-before-own-disk": { of: [8], is: "others hold it, and the leader's own write is under way" },
    "read-waits-for-own-term": { of: [11], is: "nothing of its term is committed yet: no round begins" },
    "reads-given-up": { of: [11, 12], is: "reads wait for a round when leadership is over" },
    "change-before-own-term": { of: [2], is: "no change of members, since nothing of its term is committed" },
    "change-while-pending": {
      of: [2, "members"],
      is: "no change of members before the last one is committed",
    },
    "learner-not-caught-up": { of: [21], is: "no promotion of who lags" },
    "fewer-voters-hold-more": { of: [21], is: "a change of the voters commits something at once" },
    "leader-removed": { of: [25], is: "its own removal, or demotion, is committed: it hands over" },
    "reply-of-stranger": { of: [25], is: "an answer of one that is no member any more" },
    "proposal-while-transferring": { of: [13], is: "takes nothing new while it hands over" },
    "transfer-abandoned": { of: [13, "transfer"], is: "the successor does not lead in time: goes on itself" },
    "too-much-uncommitted": { of: [20], is: "takes no more before some of it is committed" },
  },
  "raft/peers.ts": {
    "heartbeat-without-majority": {
      of: [5, "partition"],
      is: "says that it leads, and not that a majority follows",
    },
    "connection-lost": { of: ["half-open"], is: "what was sent may be lost: finds out where the logs agree" },
    "window-full": { of: [20, "slow link"], is: "asks with an empty message whether the entries arrived" },
    "entries-loaded": { of: [10], is: "entries for one that lags come from the disk" },
    "snapshot-for-lagging": { of: [10], is: "what one needs is compacted: sends a snapshot" },
    "learner-begins-anew": {
      of: [17, "amnesia"],
      is: "a voter became a learner: nothing is known of its log",
    },
  },
  "raft/progress.ts": {
    "snapshot-given-up": { of: [10], is: "the snapshot did not arrive: tries again" },
    "caught-up-without-snapshot": {
      of: [10],
      is: "acknowledges the log's entries while a snapshot is on its way",
    },
    "old-refusal": { of: [9], is: "a refusal of something that is settled by now" },
    "refused-behind-acknowledged": { of: [9], is: "a gap in what was sent ahead" },
  },
  "raft/read-index.ts": {
    "late-read-answer": { of: [11], is: "an answer to a question that was answered" },
    "read-asked-again": { of: [11], is: "a question that the leader is asking the others about already" },
  },
  "engine/session.ts": {
    "forwarded-again-and-applied-once": {
      of: [24],
      is: "a node's batch is in the log twice, and applied once",
    },
    "forwarded-out-of-order": { of: [24], is: "a node's batch stands before its turn, and is not applied" },
  },
  "engine/commands/sessions.ts": {
    "retry-answered-from-memory": { of: [19], is: "a client's write was applied before: the same reply" },
    "write-given-up-not-applied": {
      of: [19],
      is: "a write comes after its client has said that it wants it no more",
    },
    "session-unknown": { of: [19], is: "a write of a session that has expired" },
  },
  "log/recover.ts": {
    "torn-tail-cut": { of: [16, "machine off"], is: "an unfinished write at the log's end is cut" },
    "damaged-log-refused": {
      of: [16, "bit flip"],
      is: "the log is damaged where it was on the disk: no start",
    },
  },
  "log/hard-state.ts": {
    "vote-older-than-log-refused": {
      of: [14, "old directory"],
      is: "the vote is older than the log: no start",
    },
  },
  "log/identity.ts": {
    "foreign-directory-refused": { of: [17, "foreign directory"], is: "another node's directory: no start" },
  },
  "log/small-file.ts": {
    "small-file-damaged": { of: [14, "bit flip"], is: "the checksum of a small file is wrong" },
  },
  "log/snapshots.ts": {
    "own-snapshot-overtaken": {
      of: [10],
      is: "the leader's snapshot was adopted before the own one was complete",
    },
  },
  "log/wal.ts": {
    "snapshot-ahead-of-log": {
      of: [10, "crash"],
      is: "the log begins anew behind a snapshot that reaches further",
    },
  },
  "log/writer.ts": {
    "log-failed": {
      of: [15, "sync error", "short write"],
      is: "a write or sync of the log failed: nothing is written any more",
    },
  },
  "peers/decoder.ts": {
    "damaged-frame": {
      of: ["bit flip"],
      is: "a message does not have its checksum: the connection is closed",
    },
  },
  "replica/persister.ts": {
    "hard-state-failed": {
      of: [15, "sync error"],
      is: "term, vote or a snapshot are not known to be on the disk",
    },
  },
  "replica/forwarding.ts": {
    "forwarded-to-next-leader": {
      of: [24],
      is: "another term: what was sent may be lost, and goes to its leader",
    },
    "number-used-again": { of: [24], is: "a batch was refused where it was proposed: its number is free" },
  },
  "replica/apply-loop.ts": {
    "applied-when-given-up": { of: [24], is: "what was answered as unknown is applied after all" },
    "node-session-lost": { of: [19], is: "the node's own session has expired: what it sent has no outcome" },
    "committed-read-from-disk": { of: [7], is: "what is to be applied is no longer in memory" },
    "read-waits-for-entries": { of: [11], is: "the entry that a read must see is not applied here yet" },
  },
  "replica/offers.ts": {
    "under-replicated": { of: ["partition"], is: "applied, and too few voters are known to hold it" },
    "outcome-unknown-in-time": { of: ["partition"], is: "proposed, and not known to be committed" },
    "no-leader-in-time": { of: ["partition"], is: "never proposed: nobody leads" },
    "refused-by-number": {
      of: [24, "partition"],
      is: "a batch of a follower wants more voters than can be reached: its number is used up without it",
    },
    "deadline-passed": { of: [18], is: "keys expire by an entry, since the leader says that it is time" },
  },
  "replica/member.ts": {
    "too-few-voters": { of: ["partition"], is: "a write wants more voters than can be reached" },
  },
  "replica/quorum-rounds.ts": {
    "late-round-answer": { of: [11], is: "an answer to an earlier round, or of no voter" },
    "round-spoiled-by-newer-members": { of: [21], is: "one who was asked knows of newer members" },
    "round-waits-for-members": { of: [21], is: "who asks has newer members in its own log" },
  },
  "replica/cluster-time.ts": {
    "wall-clock-far-off": {
      of: [18, "clock jump", "clock freeze"],
      is: "the leader's wall clock is followed slowly",
    },
    "clock-ahead-of-leader": {
      of: [18, "clock rate"],
      is: "its own clock was too fast: goes by what the leader says",
    },
    "clock-behind-entries": { of: [18, "suspend"], is: "entries carry a later time than it had" },
  },
  "replica/snapshot-receiver.ts": {
    "snapshot-piece-left-out": { of: [10], is: "a piece comes while the one before is being written" },
    "snapshot-piece-out-of-order": { of: [10], is: "a piece that is there already, or has a gap before it" },
    "snapshot-of-another-transfer": { of: [10], is: "what had arrived of another transfer is thrown away" },
    "snapshot-not-taken": { of: [10, "read-only disk"], is: "what arrives is damaged, or cannot be written" },
  },
  "replica/snapshot-sender.ts": {
    "snapshot-piece-sent-again": { of: [10], is: "nobody has told of a piece's arrival" },
    "snapshot-unreadable": { of: [10, "read error"], is: "the snapshot to be sent cannot be read" },
  },
  "replica/snapshotter.ts": {
    "own-snapshot-given-up": { of: [10], is: "the leader's snapshot comes while this node takes its own" },
  },
  "replica/recovery.ts": {
    "snapshot-damaged": {
      of: [16, "bit flip"],
      is: "the start falls back to an older snapshot, and more of the log",
    },
  },
  "replica/durable.ts": {
    "disk-failed": {
      of: [15, "sync error", "read-only disk"],
      is: "this node writes nothing any more, and takes part in nothing",
    },
    "saved-at-end": { of: ["clean restart"], is: "a last snapshot makes the next start quicker" },
    "disk-almost-full": {
      of: ["full disk"],
      is: "no room for the log's next segment: what grows is refused",
    },
    "disk-has-room-again": { of: ["full disk"], is: "there is room again, and nothing was lost" },
  },
} as const;

type Files = typeof points;

export type Point = { [File in keyof Files]: keyof Files[File] & string }[keyof Files];
