/**
 * What offers load, whoever asks: one process, a pool of processes or many machines look the same from above. Nothing that
 * holds a load generator knows how many processes it is or where they run.
 */

/**
 * The clock whose instants an order and a record hold. All processes of one host read the same monotonic clock, so a
 * one-way delay within it needs no correction; across domains instants do not compare.
 */
export type ClockDomain = "monotonic clock of this host";

export interface LoadGenerator<ConnectOrder, Connected, Window, Seen> {
  readonly clock: ClockDomain;
  /** Connects virtual users; may be called again for more. Rejects if one of them cannot connect and must. */
  connect(order: ConnectOrder): Promise<Connected>;
  /** Offers load as the window says, at its instants; resolves when all of it was sent. */
  run(window: Window): Promise<void>;
  /** Ends sending early. Never rejects. */
  halt(): void;
  /** What was seen of the window, after waiting up to `drainMs` for what is still on the way. */
  collect(drainMs: number): Promise<Seen>;
  /** Ends all connections as a client does, so that a server is not left with dead ones. */
  close(): Promise<void>;
}
