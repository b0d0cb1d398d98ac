/** Every bound of the simulator, with its reason. Units are in the names. */
export const simLimits = {
  /** One line of a history: a largest value that workloads write, escaped, many times over. */
  historyLineBytesMax: 1_048_576, // 1 MiB
  /** Operations of one history: about 1 GiB in memory, and more than an hour of a simulated cluster. */
  historyOperationsMax: 2_000_000,
  /** Configurations that the search for an order of one key remembers, and the bytes of their names: some seconds. */
  searchConfigurationsMax: 1_000_000,
  searchBytesMax: 268_435_456, // 256 MiB
  /** What such a search weighs and compares: some minutes, since few configurations may have many ways on. */
  searchStepsMax: 1_000_000_000,
  /** Events of one simulated second: 20 times what a busy cluster of seven needs. Beyond it a run stands still. */
  eventsPerSecondMax: 1_000_000,
  /** Memory of a thread that runs seeds: many times what one needs, so that one of them cannot take the machine's. */
  threadMemoryMb: 2_048,
  /** Entries that cluster checkers remember, and writes of sessions: many times what any node keeps in its log. */
  entriesKept: 100_000,
  /** Hashes of states that are remembered, to be compared with what nodes have that are behind. */
  statesKept: 10_000,
  /** Values that one key may have at one revision, as far as unknown outcomes leave it open; beyond it, any. */
  possibleValuesMax: 64,
  /** What one seed may take: a second is usual, and some take a quarter of a minute. Beyond it, something runs in a circle. */
  seedMsMax: 180_000,
  /** Seeds after which a planted bug has escaped: a few minutes. */
  mutantSeedsMax: 500,
  /** After so many seeds, a state that none of them has reached is one that the simulator does not test. */
  seedsOfLongRun: 1_000,
  /** Violations that one checker reports: whoever reads them begins with the first. */
  violationsMax: 20,
} as const;
