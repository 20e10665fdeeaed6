/** Echo traffic: the same process sends and receives, so one clock and one table of times serve both ends. */
import type { Timeline } from "../../protocol/clock.ts";
import type { MessageCodec } from "../../protocol/messages/message.ts";
import { pace } from "../pacing/pacer.ts";
import { ArrivalLedger } from "../recording/arrivals.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { emptyLedger, type FlowRecord } from "./flow.ts";
import { ServiceTimes } from "./service-times.ts";
import type { Load } from "./traffic.ts";
import { type Outlet, scheduleOf, type WindowOrder } from "./window.ts";

class EchoedConnection {
  readonly arrivals = new ArrivalLedger();
  scheduledNs = new Float64Array(1024);
  sentNs = new Float64Array(1024);
  sent = 0;

  remember(scheduledNs: number, sentNs: number): number {
    if (this.sent === this.sentNs.length) {
      this.scheduledNs = doubled(this.scheduledNs);
      this.sentNs = doubled(this.sentNs);
    }
    this.scheduledNs[this.sent] = scheduledNs;
    this.sentNs[this.sent] = sentNs;
    return this.sent++;
  }
}

function doubled(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

export class RoundTripFlow {
  readonly #dispatch = new LatencyHistogram();
  readonly #service: ServiceTimes;
  readonly #scheduled = new LatencyHistogram();
  readonly #ledger = emptyLedger();
  readonly #timeline: Timeline;
  readonly #codec: MessageCodec;
  readonly #window: WindowOrder;
  readonly #load: Load;
  readonly #outlets: readonly Outlet[];
  readonly #connections: EchoedConnection[];
  #receivedInWindow = 0;
  #outstanding = 0;
  #sending = true;
  #stop: () => void = () => {};
  #finish: () => void = () => {};
  #drained: () => void = () => {};

  constructor(timeline: Timeline, codec: MessageCodec, window: WindowOrder, load: Load, outlets: readonly Outlet[]) {
    this.#timeline = timeline;
    this.#codec = codec;
    this.#window = window;
    this.#service = new ServiceTimes(window);
    this.#load = load;
    this.#outlets = outlets;
    this.#connections = outlets.map(() => new EchoedConnection());
  }

  /** Round trips answered so far, warm-up included. */
  get answered(): number {
    return this.#connections.reduce((sum, { arrivals }) => sum + arrivals.unique, 0);
  }

  /** Resolves when sending is over: at the end of the window, or when `halt` is called. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#finish = () => {
        this.#sending = false;
        this.#stop();
        resolve();
      };
      if (this.#load.kind === "open") this.#runOpen();
      else this.#runClosed(this.#load.inFlight);
    });
  }

  halt(): void {
    this.#finish();
  }

  #runOpen(): void {
    this.#stop = pace(
      this.#timeline,
      scheduleOf(this.#window, this.#load),
      (index, scheduledNs) => this.#send(index % this.#outlets.length, scheduledNs, this.#timeline.nowNs()),
      () => this.#finish(),
    );
  }

  #runClosed(inFlight: number): void {
    const untilNs = (atNs: number): number => Math.max(0, (atNs - this.#timeline.nowNs()) / 1e6);
    this.#timeline.after(untilNs(this.#window.rampUpStartNs), () => {
      for (let round = 0; round < inFlight; round++) {
        for (let connection = 0; connection < this.#outlets.length; connection++) this.#sendNow(connection);
      }
      this.#timeline.after(untilNs(this.#window.endNs), () => this.#finish());
    });
  }

  receive(connection: number, payload: string | Uint8Array): void {
    const now = this.#timeline.nowNs();
    const message = this.#codec.decode(payload);
    const state = this.#connections[connection]!;
    // A straggler of an earlier window was counted there, as censored.
    if (message !== undefined && message.window < this.#window.index) return;
    if (message?.window !== this.#window.index || message.kind !== "data" || message.sequence >= state.sent) {
      this.#ledger.corruptedMessages++;
      return;
    }
    const { sequence } = message;
    if (!state.arrivals.arrive(sequence)) return;
    this.#outstanding--;
    const scheduledNs = state.scheduledNs[sequence]!;
    if (now >= this.#window.startNs && now < this.#window.endNs) this.#receivedInWindow++;
    if (scheduledNs >= this.#window.startNs) {
      this.#service.record(scheduledNs, now - state.sentNs[sequence]!);
      if (this.#load.kind === "open") this.#scheduled.record(now - scheduledNs);
    }
    if (this.#load.kind === "closed" && this.#sending && now < this.#window.endNs) this.#sendNow(connection);
    else if (this.#outstanding === 0 && !this.#sending) this.#drained();
  }

  /** Resolves when every message was answered, or after `drainMs`. */
  drain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#outstanding === 0) return resolve();
      this.#drained = resolve;
      this.#timeline.after(drainMs, resolve);
    });
  }

  record(): FlowRecord {
    const ledger = { ...this.#ledger };
    for (const { sent, arrivals } of this.#connections) {
      ledger.sentMessages += sent;
      ledger.receivedMessages += arrivals.unique;
      ledger.duplicatedMessages += arrivals.duplicated;
      ledger.reorderedMessages += arrivals.reordered;
      ledger.lostMessages += arrivals.overtaken;
    }
    ledger.censoredMessages = ledger.sentMessages - ledger.receivedMessages - ledger.lostMessages;
    const record: FlowRecord = {
      ...this.#service.encode(),
      ledger,
      receivedInWindow: this.#receivedInWindow,
    };
    if (this.#load.kind === "open") {
      record.dispatch = this.#dispatch.encode();
      record.scheduled = this.#scheduled.encode();
    }
    return record;
  }

  #sendNow(connection: number): void {
    const now = this.#timeline.nowNs();
    this.#send(connection, now, now);
  }

  #send(connection: number, scheduledNs: number, sentNs: number): void {
    const sequence = this.#connections[connection]!.remember(scheduledNs, sentNs);
    this.#outstanding++;
    if (this.#load.kind === "open" && scheduledNs >= this.#window.startNs) this.#dispatch.record(sentNs - scheduledNs);
    const payload = this.#codec.encode("data", this.#window.index, sequence, scheduledNs, sentNs);
    try {
      this.#outlets[connection]!.send(payload);
    } catch {
      // A full queue or an ended connection refused it: it stays unanswered, so the ledger shows it.
    }
  }
}
