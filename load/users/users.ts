/** The simulated users of one load-generator process: they connect, send, receive, time and count. */

import type { Timeline } from "../../protocol/clock.ts";
import type { ClientConnection, Limits, Options, Payload, ProtocolClient } from "../../protocol/contract.ts";
import type { CodecOptions } from "../../protocol/messages/message.ts";
import { MessageCodec } from "../../protocol/messages/message.ts";
import type { FlowRecords } from "../behaviours/measured-behaviour.ts";
import { FanOutFlow, type RecipientTimes } from "../flows/fan-out.ts";
import { OneWayReceiver, OneWaySender, tickIdle } from "../flows/one-way.ts";
import { RoundTripFlow } from "../flows/round-trip.ts";
import { isPaced, type WindowOrder } from "../flows/window.ts";
import { type ProcessUse, UsageMeter } from "../metering/usage.ts";
import { type TlsHandshakes, WireByteCounter, type WireBytes } from "../metering/wire-bytes.ts";
import { realTimeline, wakeMetronome } from "../pacing/metronome.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { connectClient } from "./connect.ts";

export interface ConnectOrder {
  url: string;
  connections: number;
  /** Number of its first user among those of all generators. */
  firstUser: number;
  codec: CodecOptions;
  /** Of the target. */
  options: Options;
  limits: Limits;
  /** Handshakes under way at a time; absent means one, so that each connect time is its own. */
  atOnce?: number;
  /** The first users mean something to those after them, so nobody connects for practice. */
  unrehearsed?: boolean;
  /** In a fan-out, what the publisher says comes back to it too. */
  publisherHears?: boolean;
}

export interface Connected {
  /** Histogram of the times it took. */
  readonly connect: string;
  /** What crossed the wire, both ways, for a connection that was opened and closed. */
  readonly wireBytesPerConnection: number;
  /** TLS versions and cipher suites; empty: nothing is encrypted. */
  readonly tls: readonly string[];
  /** Of all connections of the process so far, those that were not timed included. */
  readonly tlsHandshakes: TlsHandshakes;
  /** What peers compress with; empty: nothing is compressed. */
  readonly compression: readonly string[];
}

export interface GeneratorWindow {
  flows: FlowRecords;
  use: ProcessUse;
  wireBytes: WireBytes & { messages: number };
  /** That were opened meanwhile. */
  wireConnections: number;
  /** What was sent from the first message of the window to the last that was answered. */
  carried: { messages: number; writes: number };
  /** Least time between two turns of the pacer; only where one paced. */
  pacingPeriodUs?: number;
  /** Only of a fan-out. */
  recipients?: RecipientTimes;
  /** Only of a fan-out: when each publication had reached anybody, by the clock of the host; null where it never did. */
  heardNs?: readonly (number | null)[];
  /** Only of a fan-out that reached several. */
  busyBetweenRecipients?: number;
}

/** What is busy in the current window. */
interface Traffic {
  window: WindowOrder;
  roundTrip?: RoundTripFlow;
  sender?: OneWaySender;
  receiver?: OneWayReceiver;
  fanOut?: FanOutFlow;
  meter: UsageMeter;
  wireBytesBefore: WireBytes;
  wireConnectionsBefore: number;
  carriedBefore: GeneratorWindow["carried"];
}

/** Connections made and closed before any is timed: the first ones would measure code that has never run. */
const rehearsals = 4;

/** Handshakes of a slow server end about this far apart, so that none has to do with another. */
const handshakeGapMs = 50;
const lanesMax = 64;

/** So many handshakes under way at a time, where the quickest took so long: one that waits costs the server nothing. */
const lanesFor = (leastMs: number): number => Math.min(lanesMax, Math.max(1, Math.floor(leastMs / handshakeGapMs)));

/**
 * The first alone; a handshake that takes its time is not waited for again and again. Resolves with the bytes that crossed
 * the wire for the first, which opened and closed.
 */
async function rehearse(
  client: ProtocolClient,
  order: ConnectOrder,
  bytes: WireByteCounter,
  timeline: Timeline,
): Promise<number> {
  const one = async (user: number): Promise<void> =>
    (await connectClient(client, { ...order, user, onMessage() {} })).close();
  const startNs = timeline.nowNs();
  await one(0);
  const { sent, received } = bytes.read();
  const others = Array.from({ length: rehearsals - 1 }, (_, index) => index + 1);
  if (lanesFor((timeline.nowNs() - startNs) / 1e6) > 1) await Promise.all(others.map(one));
  else for (const user of others) await one(user);
  return sent + received;
}

export class Users {
  readonly #onBroken: (reason: string) => void;
  readonly #timeline: Timeline;
  readonly #wireBytes = new WireByteCounter();
  readonly #connections: ClientConnection[] = [];
  #codec: MessageCodec | undefined;
  #wireBytesPerConnection = 0;
  #traffic: Traffic | undefined;
  #users = 0;
  #received = 0;
  #publisherHears = false;

  /** `onBroken` hears of a connection that ended without being told to. */
  constructor(onBroken: (reason: string) => void, timeline: Timeline = realTimeline) {
    this.#onBroken = onBroken;
    this.#timeline = timeline;
  }

  /** Adds users; returns the histogram of the times they took, and what all connections so far are spoken through. */
  async connect(client: ProtocolClient, order: ConnectOrder): Promise<Connected> {
    if (this.#codec === undefined) {
      wakeMetronome();
      this.#codec = new MessageCodec(order.codec);
      this.#publisherHears = order.publisherHears ?? false;
      if (order.unrehearsed !== true)
        this.#wireBytesPerConnection = await rehearse(client, order, this.#wireBytes, this.#timeline);
    }
    const connectTimes = new LatencyHistogram();
    let next = 0;
    let leastMs = 0;
    const lanes: Promise<void>[] = [];
    const openLanes = (count: number): void => {
      while (lanes.length < count) {
        const lane = connectInTurn();
        // Awaited below, which may be later than it fails.
        lane.catch(() => {});
        lanes.push(lane);
      }
    };
    const connectInTurn = async (): Promise<void> => {
      while (next < order.connections) {
        const tookMs = await this.#connectUser(client, order, order.firstUser + next++, connectTimes);
        leastMs = leastMs === 0 ? tookMs : Math.min(leastMs, tookMs);
        openLanes(lanesFor(leastMs));
      }
    };
    openLanes(order.atOnce ?? 1);
    // There may be more of them by then.
    for (let lane = 0; lane < lanes.length; lane++) await lanes[lane];
    const compression = new Set(this.#connections.flatMap((connection) => connection.compression ?? []));
    const { ciphers, tlsHandshakes } = this.#wireBytes;
    return {
      connect: connectTimes.encode(),
      wireBytesPerConnection: this.#wireBytesPerConnection,
      tls: ciphers,
      tlsHandshakes,
      compression: [...compression],
    };
  }

  /** Resolves with the milliseconds it took. */
  async #connectUser(
    client: ProtocolClient,
    order: ConnectOrder,
    user: number,
    times: LatencyHistogram,
  ): Promise<number> {
    const startNs = this.#timeline.nowNs();
    const index = this.#users++;
    const onMessage = (payload: Payload): void => this.#receive(index, payload);
    const onText = (utf8: Buffer): void => this.#receive(index, utf8, true);
    const connection = await connectClient(client, { ...order, user, onMessage, onText });
    const tookNs = this.#timeline.nowNs() - startNs;
    times.record(tookNs);
    this.#connections[index] = connection;
    void connection.closed.then(({ by, message }) => {
      if (by !== "client") this.#onBroken(`a connection was ended by the ${by}: ${message}`);
    });
    return tookNs / 1e6;
  }

  /** Since the process began, on all connections together. */
  get wireBytes(): WireBytes {
    return this.#wireBytes.read();
  }

  /** Ready for what comes in the window, which may be called off by another one. */
  prepare(window: WindowOrder): void {
    const { roundTrip, uplink, downlink, fanOut } = window.flows;
    const [codec, connections] = [this.#codec!, this.#connections];
    const traffic: Traffic = {
      window,
      meter: new UsageMeter(window, () => {
        const { roundTrip, fanOut } = this.#traffic ?? {};
        return roundTrip?.handled ?? fanOut?.received ?? this.#received;
      }),
      wireBytesBefore: this.#wireBytes.read(),
      wireConnectionsBefore: this.#wireBytes.connections,
      carriedBefore: this.#carried,
    };
    this.#traffic = traffic;
    if (downlink) traffic.receiver = new OneWayReceiver(this.#timeline, codec, window, connections.length);
    if (roundTrip) traffic.roundTrip = new RoundTripFlow(this.#timeline, codec, window, roundTrip, connections);
    if (uplink) traffic.sender = new OneWaySender(this.#timeline, codec, window, connections);
    if (fanOut) {
      traffic.fanOut = new FanOutFlow(this.#timeline, codec, window, fanOut, connections, this.#publisherHears);
    }
  }

  /** Takes part in the window it is ready for; resolves when sending is over. */
  async send(): Promise<void> {
    const { window, roundTrip, sender, fanOut } = this.#traffic!;
    const { uplink, downlink } = window.flows;
    await roundTrip?.run();
    await fanOut?.run();
    if (uplink) await sender?.run(uplink);
    else if (downlink) tickIdle(this.#timeline, window);
  }

  halt(): void {
    this.#traffic?.roundTrip?.halt();
    this.#traffic?.sender?.halt();
    this.#traffic?.fanOut?.halt();
  }

  /** What these users saw of the window, after waiting up to `drainMs` for what is on the way. */
  async collect(drainMs: number): Promise<GeneratorWindow> {
    const { window, roundTrip, sender, receiver, fanOut, meter, carriedBefore } = this.#traffic!;
    const { wireBytesBefore, wireConnectionsBefore } = this.#traffic!;
    await Promise.all([roundTrip?.drain(drainMs), receiver?.drain(drainMs), fanOut?.drain(drainMs)]);
    const flows: FlowRecords = {};
    if (roundTrip) flows.roundTrip = roundTrip.record();
    if (sender) flows.uplink = sender.record();
    if (receiver) flows.downlink = receiver.record();
    if (fanOut) flows.fanOut = fanOut.record();
    const after = this.#wireBytes.read();
    return {
      flows,
      use: meter.read(),
      wireBytes: {
        sent: after.sent - wireBytesBefore.sent,
        received: after.received - wireBytesBefore.received,
        messages: roundTrip?.answered ?? fanOut?.received ?? 0,
      },
      wireConnections: this.#wireBytes.connections - wireConnectionsBefore,
      carried: {
        messages: this.#carried.messages - carriedBefore.messages,
        writes: this.#carried.writes - carriedBefore.writes,
      },
      ...(isPaced(window) && { pacingPeriodUs: this.#timeline.pacingPeriodNs / 1000 }),
      ...(fanOut && { recipients: fanOut.recipientTimes, heardNs: fanOut.heardNs.map((atNs) => atNs ?? null) }),
      ...(fanOut?.busyShare !== undefined && { busyBetweenRecipients: fanOut.busyShare }),
    };
  }

  async disconnect(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  get #carried(): GeneratorWindow["carried"] {
    const total = { messages: 0, writes: 0 };
    for (const { carried } of this.#connections) {
      total.messages += carried?.messages ?? 0;
      total.writes += carried?.writes ?? 0;
    }
    return total;
  }

  #receive(connection: number, payload: Payload, isText?: boolean): void {
    this.#received++;
    const { roundTrip, receiver, fanOut } = this.#traffic ?? {};
    if (roundTrip) roundTrip.receive(connection, payload, isText);
    else if (fanOut) fanOut.receive(connection, payload, isText);
    else receiver?.receive(connection, payload, isText);
  }
}
