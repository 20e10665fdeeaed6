/** What load may be asked for and what is counted of it; data that crosses process borders. */

/**
 * Round trips need a server that echoes; the one-way directions need ours, which counts and pushes by itself; in a fan-out
 * the first user publishes to all others.
 */
export type FlowName = "roundTrip" | "uplink" | "downlink" | "fanOut";

/** `open`: on a fixed schedule, independent of responses. `closed`: a response releases the next message. */
export type Load =
  | {
      readonly kind: "open";
      /** Offered rate over all connections, for each direction. */
      readonly ratePerSecond: number;
      /** Spacing of the schedule; absent means constant. */
      readonly arrivals?: "constant" | "poisson" | undefined;
      /** One-way flows: so many messages are due at the same instant, to as many connections. Absent: one. */
      readonly together?: number;
    }
  | {
      readonly kind: "closed";
      /** Unanswered messages per connection. */
      readonly inFlight: number;
    };

/** Exact counts of one flow in one window. */
export interface FlowLedger {
  /** Handed to the client, or refused by its full queue. */
  sentMessages: number;
  /** Arrived at least once. */
  receivedMessages: number;
  /** Never arrived although a later one did, the connection ended, or the queue was full. */
  lostMessages: number;
  /** Arrivals beyond the first of the same message. */
  duplicatedMessages: number;
  /** Arrived after a later one (RFC 4737 section 3.3). */
  reorderedMessages: number;
  /** Still on the way when the drain was over: neither delivered nor lost. */
  censoredMessages: number;
  /** Arrivals whose bytes were not those of any message sent; a message that came so is not counted as lost. */
  corruptedMessages: number;
}
