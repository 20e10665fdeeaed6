/**
 * Traffic in one direction: a sender that follows a schedule over some connections, and a receiver that counts and
 * times what arrives. Either may sit in the client's process or in the server's; both read the same clock.
 *
 * After its last message a sender closes each connection's sequence with an `end` message that carries the count, so
 * that a receiver proves a loss by a later arrival instead of by waiting.
 */
import type { Timeline } from "../../protocol/clock.ts";
import type { Payload } from "../../protocol/contract.ts";
import type { Message, MessageCodec } from "../../protocol/messages/message.ts";
import { seededRandom } from "../../protocol/random.ts";
import { pace } from "../pacing/pacer.ts";
import { AgeOfInformation, sumAges } from "../recording/age.ts";
import { ArrivalLedger } from "../recording/arrivals.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { emptyLedger, type FlowRecord } from "./flow.ts";
import { type Outlet, sendMessage } from "./outlet.ts";
import { ServiceTimes } from "./service-times.ts";
import type { Load } from "./traffic.ts";
import { scheduleOf, togetherIn, type WindowOrder } from "./window.ts";

export class OneWaySender {
  readonly #dispatch = new LatencyHistogram();
  readonly #ledger = emptyLedger();
  readonly #timeline: Timeline;
  readonly #codec: MessageCodec;
  readonly #window: WindowOrder;
  readonly #outlets: readonly Outlet[];
  readonly #sequences: Int32Array;
  #timed = 0;
  #stop: () => void = () => {};
  #finish: () => void = () => {};

  constructor(timeline: Timeline, codec: MessageCodec, window: WindowOrder, outlets: readonly Outlet[]) {
    this.#timeline = timeline;
    this.#codec = codec;
    this.#window = window;
    this.#outlets = outlets;
    this.#sequences = new Int32Array(outlets.length);
  }

  /**
   * Resolves when the schedule is over or `halt` was called. Messages of an even schedule go to the connections in turn; of
   * Poisson arrivals each goes to one that is drawn, so that those of every connection are Poisson arrivals, too.
   */
  run(load: Load): Promise<void> {
    return new Promise((resolve) => {
      this.#finish = resolve;
      if (this.#outlets.length === 0) return resolve();
      const together = togetherIn(load);
      const random = seededRandom(this.#window.seed, 1);
      const isDrawn = load.kind === "open" && load.arrivals === "poisson";
      const firstOf = (index: number): number =>
        isDrawn ? Math.floor(random() * this.#outlets.length) : index * together;
      this.#stop = pace(
        this.#timeline,
        scheduleOf(this.#window, load),
        (index, scheduledNs) => {
          const first = firstOf(index);
          for (let place = first; place < first + together; place++) {
            this.#send(place % this.#outlets.length, scheduledNs);
          }
        },
        () => {
          this.#sendEnds();
          resolve();
        },
      );
    });
  }

  halt(): void {
    this.#stop();
    this.#finish();
  }

  record(): FlowRecord {
    return {
      dispatch: this.#dispatch.encode(),
      ledger: { ...this.#ledger },
      timedMessages: this.#timed,
      receivedInWindow: 0,
      carriedMessages: 0,
    };
  }

  #send(connection: number, scheduledNs: number): void {
    const sequence = this.#sequences[connection]!++;
    const sentNs = this.#timeline.nowNs();
    this.#ledger.sentMessages++;
    if (scheduledNs >= this.#window.startNs) {
      this.#timed++;
      this.#dispatch.record(sentNs - scheduledNs);
    }
    const { isAwaited } = this.#outlets[connection]!;
    const kind = isAwaited === undefined ? "data" : isAwaited ? "awaited" : "unawaited";
    this.#offer(connection, kind, sequence, scheduledNs, sentNs);
  }

  #sendEnds(): void {
    const now = this.#timeline.nowNs();
    for (const [connection, count] of this.#sequences.entries()) this.#offer(connection, "end", count, now, now);
  }

  #offer(connection: number, kind: Message["kind"], sequence: number, scheduledNs: number, sentNs: number): void {
    const { index } = this.#window;
    sendMessage(this.#outlets[connection]!, this.#codec, kind, index, sequence, scheduledNs, sentNs);
  }
}

/**
 * Ticks through a window at the other direction's rate without sending. A process that sends wakes for each message
 * and so often finds an arrival without having slept; one that only receives sleeps until each arrival. Without the
 * ticks a direction would look slower alone than with both busy, by the time a process takes to wake.
 */
export function tickIdle(timeline: Timeline, window: WindowOrder): void {
  const busy = window.flows.uplink ?? window.flows.downlink;
  if (busy === undefined) return;
  pace(
    timeline,
    scheduleOf(window, busy),
    () => {},
    () => {},
  );
}

export class OneWayReceiver {
  readonly #service: ServiceTimes;
  readonly #scheduled = new LatencyHistogram();
  readonly #ledger = emptyLedger();
  readonly #timeline: Timeline;
  readonly #codec: MessageCodec;
  readonly #window: WindowOrder;
  readonly #connections: { arrivals: ArrivalLedger; age: AgeOfInformation; corrupted: number; count?: number }[];
  /** Service times by whether a request was waiting, where the sender could tell. */
  readonly #asked = { awaited: new LatencyHistogram(), unawaited: new LatencyHistogram() };
  #receivedInWindow = 0;
  #carried = 0;
  #ended = 0;
  #complete: () => void = () => {};

  constructor(timeline: Timeline, codec: MessageCodec, window: WindowOrder, connections: number) {
    this.#timeline = timeline;
    this.#codec = codec;
    this.#window = window;
    this.#service = new ServiceTimes(window);
    this.#connections = Array.from({ length: connections }, () => ({
      arrivals: new ArrivalLedger(),
      age: new AgeOfInformation(window),
      corrupted: 0,
    }));
  }

  receive(connection: number, payload: Payload, isText?: boolean): void {
    const now = this.#timeline.nowNs();
    const message = this.#codec.decode(payload, isText);
    const state = this.#connections[connection];
    if (message === undefined || message.window > this.#window.index || state === undefined) {
      this.#ledger.corruptedMessages++;
      if (state !== undefined) state.corrupted++;
      return;
    }
    // A straggler of an earlier window was counted there, as censored.
    if (message.window < this.#window.index) return;
    if (message.kind === "end") {
      if (state.count === undefined && ++this.#ended === this.#connections.length) this.#complete();
      state.count = message.sequence;
      return;
    }
    if (!state.arrivals.arrive(message.sequence)) return;
    state.age.arrive(message.sentNs, now);
    if (now >= this.#window.startNs && now < this.#window.endNs) this.#receivedInWindow++;
    if (message.scheduledNs < this.#window.startNs) return;
    this.#carried++;
    this.#service.record(message.scheduledNs, now - message.sentNs);
    if (message.kind !== "data") this.#asked[message.kind].record(now - message.sentNs);
    this.#scheduled.record(now - message.scheduledNs);
  }

  /** Resolves when every connection's sequence is closed, or after `drainMs`. */
  drain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended === this.#connections.length) return resolve();
      this.#complete = resolve;
      this.#timeline.after(drainMs, resolve);
    });
  }

  /** What arrived; `sentMessages` and `censoredMessages` are the sender's side of the ledger and stay 0 here. */
  record(): FlowRecord {
    const ledger = { ...this.#ledger };
    for (const { arrivals, corrupted, count } of this.#connections) {
      ledger.receivedMessages += arrivals.unique;
      ledger.duplicatedMessages += arrivals.duplicated;
      ledger.reorderedMessages += arrivals.reordered;
      const missing = count === undefined ? arrivals.overtaken : count - arrivals.unique;
      // What came with other bytes is counted as that and not as lost too.
      ledger.lostMessages += Math.max(0, missing - corrupted);
    }
    const { awaited, unawaited } = this.#asked;
    const canTell = awaited.count + unawaited.count > 0;
    return {
      ...this.#service.encode(),
      ...(canTell && { awaited: awaited.encode(), unawaited: unawaited.encode() }),
      scheduled: this.#scheduled.encode(),
      age: sumAges(this.#connections.map(({ age }) => age.record())),
      ledger,
      timedMessages: 0,
      receivedInWindow: this.#receivedInWindow,
      carriedMessages: this.#carried,
    };
  }
}
