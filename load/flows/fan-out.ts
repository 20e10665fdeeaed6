/** One user publishes, all others receive: the same process does both, so one clock serves every delivery. */
import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { Timeline } from "../../protocol/clock.ts";
import type { Payload } from "../../protocol/contract.ts";
import type { MessageCodec } from "../../protocol/messages/message.ts";
import { pace } from "../pacing/pacer.ts";
import { ArrivalLedger } from "../recording/arrivals.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { censoredIn, emptyLedger, type FlowRecord } from "./flow.ts";
import { type Outlet, sendMessage } from "./outlet.ts";
import { ServiceTimes } from "./service-times.ts";
import type { Load } from "./traffic.ts";
import { scheduleOf, type WindowOrder } from "./window.ts";

/** When messages that reached everybody had reached the first, the middle and the last of them. Encoded. */
export interface RecipientTimes {
  readonly firstRecipient: string;
  readonly medianRecipient: string;
  readonly lastRecipient: string;
}

interface Publication {
  readonly scheduledNs: number;
  readonly sentNs: number;
  arrived: number;
  /** When anybody had it, by the clock of the host. */
  heardNs?: number;
  firstNs: number;
  medianNs: number;
  /** Of the process, when the first recipient had it. */
  atFirst?: EventLoopUtilization;
}

/** Counts deliveries, a delivery being one message at one recipient. */
export class FanOutFlow {
  readonly #timeline: Timeline;
  readonly #codec: MessageCodec;
  readonly #window: WindowOrder;
  readonly #load: Load;
  readonly #publisher: Outlet;
  /** By the number of the connection; undefined for the publisher where it does not hear itself. */
  readonly #recipients: readonly (ArrivalLedger | undefined)[];
  readonly #audience: number;
  readonly #publications: Publication[] = [];
  readonly #dispatch = new LatencyHistogram();
  readonly #scheduled = new LatencyHistogram();
  readonly #service: ServiceTimes;
  readonly #first = new LatencyHistogram();
  readonly #median = new LatencyHistogram();
  readonly #last = new LatencyHistogram();
  #busyMs = 0;
  #restedMs = 0;
  #corrupted = 0;
  #receivedInWindow = 0;
  #carried = 0;
  #timed = 0;
  #received = 0;
  #sending = true;
  #stop: () => void = () => {};
  #finish: () => void = () => {};
  #drained: () => void = () => {};

  /** The first of `outlets` publishes. Throws a RangeError where nobody is there to hear it. */
  constructor(
    timeline: Timeline,
    codec: MessageCodec,
    window: WindowOrder,
    load: Load,
    outlets: readonly Outlet[],
    publisherHears: boolean,
  ) {
    this.#timeline = timeline;
    this.#codec = codec;
    this.#window = window;
    this.#load = load;
    this.#publisher = outlets[0]!;
    this.#recipients = outlets.map((_, index) => (index > 0 || publisherHears ? new ArrivalLedger() : undefined));
    this.#audience = outlets.length - Number(!publisherHears);
    if (this.#audience < 1) throw new RangeError("expected a recipient");
    this.#service = new ServiceTimes(window);
  }

  /** Deliveries so far that were owed, ramp-up included. */
  get received(): number {
    return this.#received;
  }

  /** Resolves when publishing is over: at the end of the window, or when `halt` is called. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#finish = () => {
        this.#sending = false;
        this.#stop();
        resolve();
      };
      this.#stop = pace(
        this.#timeline,
        scheduleOf(this.#window, this.#load),
        (_index, scheduledNs) => this.#publish(scheduledNs),
        () => this.#finish(),
      );
    });
  }

  halt(): void {
    this.#finish();
  }

  #publish(scheduledNs: number): void {
    const sentNs = this.#timeline.nowNs();
    const sequence = this.#publications.push({ scheduledNs, sentNs, arrived: 0, firstNs: 0, medianNs: 0 }) - 1;
    if (scheduledNs >= this.#window.startNs) {
      this.#timed += this.#audience;
      // Once for each delivery, so that what was offered is counted as what arrives.
      for (let recipient = 0; recipient < this.#audience; recipient++) this.#dispatch.record(sentNs - scheduledNs);
    }
    sendMessage(this.#publisher, this.#codec, "data", this.#window.index, sequence, scheduledNs, sentNs);
  }

  receive(connection: number, payload: Payload, isText?: boolean): void {
    const now = this.#timeline.nowNs();
    const arrivals = this.#recipients[connection];
    if (arrivals === undefined) return;
    const message = this.#codec.decode(payload, isText);
    // A straggler of an earlier window was counted there, as censored.
    if (message !== undefined && message.window < this.#window.index) return;
    const publication = message?.window === this.#window.index ? this.#publications[message.sequence] : undefined;
    if (publication === undefined) {
      this.#corrupted++;
      return;
    }
    if (!arrivals.arrive(message!.sequence)) return;
    this.#received++;
    publication.heardNs ??= now;
    const { scheduledNs, sentNs } = publication;
    const isTimed = scheduledNs >= this.#window.startNs;
    if (now >= this.#window.startNs && now < this.#window.endNs) this.#receivedInWindow++;
    if (isTimed) {
      this.#carried++;
      this.#service.record(scheduledNs, now - sentNs);
      this.#scheduled.record(now - scheduledNs);
      this.#reached(publication, now);
    }
    if (!this.#sending && this.#outstanding === 0) this.#drained();
  }

  /** Of a message that is timed. Its middle recipient is the lower one of two. */
  #reached(publication: Publication, nowNs: number): void {
    const delayNs = nowNs - publication.scheduledNs;
    publication.arrived++;
    if (publication.arrived === 1) {
      publication.firstNs = delayNs;
      publication.atFirst = performance.eventLoopUtilization();
    }
    if (publication.arrived === Math.ceil(this.#audience / 2)) publication.medianNs = delayNs;
    if (publication.arrived < this.#audience) return;
    this.#first.record(publication.firstNs);
    this.#median.record(publication.medianNs);
    this.#last.record(delayNs);
    const { active, idle } = performance.eventLoopUtilization(publication.atFirst);
    this.#busyMs += active;
    this.#restedMs += idle;
  }

  /**
   * Of the time from the first recipient of a message to its last, the share in which this process had work: near 1,
   * recipients waited for it and not for the server. Undefined where there was no such time.
   */
  get busyShare(): number | undefined {
    const betweenMs = this.#busyMs + this.#restedMs;
    return this.#audience < 2 || betweenMs <= 0 ? undefined : this.#busyMs / betweenMs;
  }

  get #outstanding(): number {
    return this.#publications.length * this.#audience - this.#received;
  }

  /** Resolves when every delivery was made, or after `drainMs`. */
  drain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#outstanding === 0) return resolve();
      this.#drained = resolve;
      this.#timeline.after(drainMs, resolve);
    });
  }

  /** When each publication of the window, ramp-up included, had reached anybody, in order; undefined where it never did. */
  get heardNs(): readonly (number | undefined)[] {
    return this.#publications.map(({ heardNs }) => heardNs);
  }

  /** The middle and the first recipient are those of messages that reached everybody. */
  get recipientTimes(): RecipientTimes {
    return {
      firstRecipient: this.#first.encode(),
      medianRecipient: this.#median.encode(),
      lastRecipient: this.#last.encode(),
    };
  }

  record(): FlowRecord {
    const ledger = { ...emptyLedger(), corruptedMessages: this.#corrupted };
    const published = this.#publications.length;
    for (const arrivals of this.#recipients) {
      if (arrivals === undefined) continue;
      ledger.sentMessages += published;
      ledger.receivedMessages += arrivals.unique;
      ledger.duplicatedMessages += arrivals.duplicated;
      ledger.reorderedMessages += arrivals.reordered;
      ledger.lostMessages += arrivals.overtaken;
    }
    // What came with other bytes is counted as that and not as lost too.
    ledger.lostMessages = Math.max(0, ledger.lostMessages - this.#corrupted);
    ledger.censoredMessages = censoredIn(ledger);
    return {
      ...this.#service.encode(),
      dispatch: this.#dispatch.encode(),
      scheduled: this.#scheduled.encode(),
      ledger,
      timedMessages: this.#timed,
      receivedInWindow: this.#receivedInWindow,
      carriedMessages: this.#carried,
    };
  }
}
