/** Echo traffic: the same process sends and receives, so one clock and one table of times serve both ends. */
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

/** A pipe that answers sooner than this has no bursts worth spreading: timers are 1 ms coarse. */
const burstNs = 10e6;

class EchoedConnection {
  readonly arrivals = new ArrivalLedger();
  scheduledNs = new Float64Array(1024);
  sentNs = new Float64Array(1024);
  sent = 0;
  /** Messages that may leave in the next batch. */
  released = 0;
  corrupted = 0;

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
  #timed = 0;
  #receivedInWindow = 0;
  #carried = 0;
  #outstanding = 0;
  /** Connections with messages that may leave. */
  #releasing: number[] = [];
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

  /**
   * Messages this end handled so far: sending is half of it, receiving the other. Between two instants it counts what a
   * server handled too, however long each message stayed there.
   */
  get handled(): number {
    return (this.#connections.reduce((sum, { sent }) => sum + sent, 0) + this.answered) / 2;
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
      this.#fillPipe(inFlight * this.#outlets.length);
      this.#timeline.after(untilNs(this.#window.endNs), () => this.#finish());
    });
  }

  /** Over the time one answer takes: all at once, a server that is far away would answer in bursts for ever. */
  #fillPipe(messages: number, sent = 0): void {
    if (!this.#sending) return;
    const { rampUpStartNs, delayNs = 0 } = this.#window;
    const share = delayNs < burstNs ? 1 : (this.#timeline.nowNs() - rampUpStartNs) / delayNs;
    const due = Math.min(messages, Math.floor(share * messages) + 1);
    let next = sent;
    while (next < due) this.#release(next++ % this.#outlets.length);
    if (next < messages) this.#timeline.after(1, () => this.#fillPipe(messages, next));
  }

  receive(connection: number, payload: Payload, isText?: boolean): void {
    const now = this.#timeline.nowNs();
    const message = this.#codec.decode(payload, isText);
    const state = this.#connections[connection]!;
    // A straggler of an earlier window was counted there, as censored.
    if (message !== undefined && message.window < this.#window.index) return;
    if (message?.window !== this.#window.index || message.kind !== "data" || message.sequence >= state.sent) {
      this.#ledger.corruptedMessages++;
      state.corrupted++;
      return;
    }
    const { sequence } = message;
    if (!state.arrivals.arrive(sequence)) return;
    this.#outstanding--;
    const scheduledNs = state.scheduledNs[sequence]!;
    const sentNs = state.sentNs[sequence]!;
    const isTimed = scheduledNs >= this.#window.startNs;
    if (this.#isWithin(now)) this.#receivedInWindow++;
    this.#carried += this.#load.kind === "open" ? Number(isTimed) : this.#shareWithin(sentNs, now);
    if (isTimed) {
      this.#service.record(scheduledNs, now - sentNs);
      if (this.#load.kind === "open") this.#scheduled.record(now - scheduledNs);
    }
    if (this.#load.kind === "closed" && this.#sending && now < this.#window.endNs) this.#release(connection);
    else if (this.#outstanding === 0 && !this.#sending) this.#drained();
  }

  #isWithin(atNs: number): boolean {
    return atNs >= this.#window.startNs && atNs < this.#window.endNs;
  }

  /** How much of the way of a message lies within the window, from 0 to 1. */
  #shareWithin(sentNs: number, receivedNs: number): number {
    if (receivedNs <= sentNs) return Number(this.#isWithin(receivedNs));
    const { startNs, endNs } = this.#window;
    return Math.max(0, Math.min(receivedNs, endNs) - Math.max(sentNs, startNs)) / (receivedNs - sentNs);
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
    for (const { sent, arrivals, corrupted } of this.#connections) {
      ledger.sentMessages += sent;
      ledger.receivedMessages += arrivals.unique;
      ledger.duplicatedMessages += arrivals.duplicated;
      ledger.reorderedMessages += arrivals.reordered;
      // What came with other bytes is counted as that and not as lost too.
      ledger.lostMessages += Math.max(0, arrivals.overtaken - corrupted);
    }
    ledger.censoredMessages = censoredIn(ledger);
    const record: FlowRecord = {
      ...this.#service.encode(),
      ledger,
      timedMessages: this.#timed,
      receivedInWindow: this.#receivedInWindow,
      carriedMessages: this.#carried,
    };
    if (this.#load.kind === "open") {
      record.dispatch = this.#dispatch.encode();
      record.scheduled = this.#scheduled.encode();
    }
    return record;
  }

  /**
   * A closed loop may send one more. An outlet that batches does so once every socket that is ready has been read, in one
   * write with what others released on it meanwhile; the times of sending are those of that write.
   */
  #release(connection: number): void {
    if (this.#outlets[connection]!.together === undefined) {
      this.#sendNow(connection);
      return;
    }
    if (this.#connections[connection]!.released++ > 0) return;
    if (this.#releasing.push(connection) === 1) this.#timeline.soon(() => this.#sendReleased());
  }

  #sendReleased(): void {
    const connections = this.#releasing;
    this.#releasing = [];
    for (const connection of connections) {
      const state = this.#connections[connection]!;
      const messages = state.released;
      state.released = 0;
      if (!this.#sending) continue;
      this.#outlets[connection]!.together!(() => {
        const now = this.#timeline.nowNs();
        for (let message = 0; message < messages; message++) this.#send(connection, now, now);
      });
    }
  }

  #sendNow(connection: number): void {
    const now = this.#timeline.nowNs();
    this.#send(connection, now, now);
  }

  #send(connection: number, scheduledNs: number, sentNs: number): void {
    const sequence = this.#connections[connection]!.remember(scheduledNs, sentNs);
    this.#outstanding++;
    if (scheduledNs >= this.#window.startNs) {
      this.#timed++;
      if (this.#load.kind === "open") this.#dispatch.record(sentNs - scheduledNs);
    }
    const { index } = this.#window;
    sendMessage(this.#outlets[connection]!, this.#codec, "data", index, sequence, scheduledNs, sentNs);
  }
}
