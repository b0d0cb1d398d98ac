/** How a server writes to the disk. */
export interface Storage {
  /** Of this server alone. */
  readonly folder: string;
  /** When a write is on the disk: before it is answered, or within a second. */
  readonly fsync: "always" | "interval";
  /** Whether it cuts its log back by itself when that has grown, as it would in use. */
  readonly cutsLog: boolean;
}
