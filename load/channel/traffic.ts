/** What the users publish: by a schedule whatever happens (open loop), or as its own messages come back (closed loop). */
import type { Timeline } from "../../protocol/clock.ts";
import { pace } from "../pacing/pacer.ts";

/** Publishes one message as `publisher`; returns its sequence number, or undefined if that has no connection. */
export type Publish = (publisher: number, dueNs?: number) => number | undefined;

/** One window of publishing. */
export interface Traffic {
  /** Resolves when it is over or was halted; rejects with what `publish` throws, which ends it. */
  readonly done: Promise<void>;
  halt(): void;
}

/** A window of messages that are due at fixed times; the publishers take turns. */
export function openLoop(
  timeline: Timeline,
  schedule: { startNs: number; endNs: number; ratePerSecond: number },
  publishers: readonly number[],
  publish: Publish,
): Traffic {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const stop = pace(
    timeline,
    { ...schedule, arrivals: "constant", seed: 0 },
    (index, dueNs) => {
      try {
        publish(publishers[index % publishers.length]!, Math.round(dueNs));
      } catch (error) {
        stop();
        reject(error);
      }
    },
    resolve,
  );
  return {
    done,
    halt() {
      stop();
      resolve();
    },
  };
}

/** Wait before a publisher whose message was refused sends again: a broker that is down would else be asked all the time. */
const refusedWaitMs = 100;

/**
 * Every publisher keeps `inFlight` messages on their way: the next leaves when one came back to it, was refused, or was
 * lost with its connection. One that is lost on a connection that stays is waited for, as a closed loop does.
 */
export class ClosedLoop implements Traffic {
  readonly done: Promise<void>;
  readonly #timeline: Timeline;
  readonly #inFlight: number;
  readonly #publish: Publish;
  /** Per publisher, the sequence numbers on their way. */
  readonly #onTheirWay: ReadonlyMap<number, Set<number>>;
  readonly #over: PromiseWithResolvers<void>;
  #state: "waiting" | "running" | "over" = "waiting";

  constructor(
    timeline: Timeline,
    order: { startNs: number; endNs: number; inFlight: number },
    publishers: readonly number[],
    publish: Publish,
  ) {
    this.#timeline = timeline;
    this.#inFlight = order.inFlight;
    this.#publish = publish;
    this.#onTheirWay = new Map(publishers.map((publisher) => [publisher, new Set()]));
    this.#over = Promise.withResolvers();
    this.done = this.#over.promise;
    timeline.at(order.startNs, () => {
      if (this.#state === "over") return;
      this.#state = "running";
      for (const publisher of publishers) this.#fill(publisher);
    });
    timeline.at(order.endNs, () => this.halt());
  }

  halt(): void {
    this.#state = "over";
    this.#over.resolve();
  }

  /** The publisher received its own message. */
  cameBack(publisher: number, sequence: number): void {
    if (this.#onTheirWay.get(publisher)?.delete(sequence)) this.#fill(publisher);
  }

  /** The publisher was told that its message may not arrive. */
  refused(publisher: number, sequence: number): void {
    if (this.#onTheirWay.get(publisher)?.delete(sequence))
      this.#timeline.after(refusedWaitMs, () => this.#fill(publisher));
  }

  /** The publisher has a new connection; what was on its way on the old one is given up. */
  reconnected(publisher: number): void {
    this.#onTheirWay.get(publisher)?.clear();
    this.#fill(publisher);
  }

  #fill(publisher: number): void {
    const onTheirWay = this.#onTheirWay.get(publisher);
    if (onTheirWay === undefined) return;
    try {
      while (this.#state === "running" && onTheirWay.size < this.#inFlight) {
        const sequence = this.#publish(publisher);
        if (sequence === undefined) return;
        onTheirWay.add(sequence);
      }
    } catch (error) {
      this.#state = "over";
      this.#over.reject(error);
    }
  }
}
