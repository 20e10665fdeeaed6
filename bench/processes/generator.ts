/** A process that is some of the users: it connects, sends, receives, times and counts. */
import type { ProcessUse } from "../../reports/results.ts";
import type { FlowRecords } from "../../servers/behaviours/service.ts";
import { nowNs } from "../clock.ts";
import { type ConformanceResult, checkConformance } from "../conformance/suite.ts";
import { connectClient } from "../connect.ts";
import { LatencyHistogram } from "../flows/latency.ts";
import { realTimeline, wakeMetronome } from "../flows/metronome.ts";
import { OneWayReceiver, OneWaySender, tickIdle } from "../flows/one-way.ts";
import { RoundTripFlow } from "../flows/round-trip.ts";
import type { WindowOrder } from "../flows/window.ts";
import { MessageCodec } from "../message.ts";
import type { ClientConnection, Limits, Payload } from "../protocol.ts";
import { protocolNamed } from "../protocols.ts";
import { WireByteCounter, type WireBytes } from "../wire-bytes.ts";
import { announce, answerCalls } from "./remote.ts";
import type { CodecOptions } from "./server.ts";
import { UsageMeter } from "./usage.ts";

export interface ConnectOrder {
  protocol: string;
  url: string;
  connections: number;
  /** Number of its first user among those of all generators. */
  firstUser: number;
  codec: CodecOptions;
  pollIntervalMs: number;
  limits: Limits;
}

export interface GeneratorWindow {
  flows: FlowRecords;
  use: ProcessUse;
  wireBytes: WireBytes & { messages: number };
}

/** What is busy in the current window. */
interface Traffic {
  window: WindowOrder;
  roundTrip?: RoundTripFlow;
  sender?: OneWaySender;
  receiver?: OneWayReceiver;
  meter: UsageMeter;
  wireBytesBefore: WireBytes;
}

const wireBytes = new WireByteCounter();
const connections: ClientConnection[] = [];
let codec: MessageCodec | undefined;
let traffic: Traffic | undefined;
let received = 0;

const api = {
  async connect(order: ConnectOrder): Promise<{ connect: string }> {
    wakeMetronome();
    codec = new MessageCodec(order.codec);
    const { client } = protocolNamed(order.protocol);
    const connectTimes = new LatencyHistogram();
    for (let index = 0; index < order.connections; index++) {
      const startNs = nowNs();
      const onMessage = (payload: Payload): void => receive(index, payload);
      const connection = await connectClient(client, { ...order, user: order.firstUser + index, onMessage });
      connectTimes.record(nowNs() - startNs);
      connections.push(connection);
      void connection.closed.then(({ by, message }) => {
        if (by !== "client") announce("broken", `a connection was ended by the ${by}: ${message}`);
      });
    }
    return { connect: connectTimes.encode() };
  },

  /** Takes part in a window; resolves when sending is over. */
  async begin(window: WindowOrder): Promise<void> {
    const { roundTrip, uplink, downlink } = window.flows;
    traffic = { window, meter: new UsageMeter(window, () => received), wireBytesBefore: wireBytes.read() };
    if (downlink) traffic.receiver = new OneWayReceiver(realTimeline, codec!, window, connections.length);
    if (roundTrip) {
      traffic.roundTrip = new RoundTripFlow(realTimeline, codec!, window, roundTrip, connections);
      await traffic.roundTrip.run();
    }
    if (uplink?.kind === "open") {
      traffic.sender = new OneWaySender(realTimeline, codec!, window, connections);
      await traffic.sender.run(uplink.ratePerSecond);
    } else if (downlink) tickIdle(realTimeline, window);
  },

  async halt(): Promise<void> {
    traffic?.roundTrip?.halt();
    traffic?.sender?.halt();
  },

  async collect({ drainMs }: { drainMs: number }): Promise<GeneratorWindow> {
    const { roundTrip, sender, receiver, meter, wireBytesBefore } = traffic!;
    await Promise.all([roundTrip?.drain(drainMs), receiver?.drain(drainMs)]);
    const flows: FlowRecords = {};
    if (roundTrip) flows.roundTrip = roundTrip.record();
    if (sender) flows.uplink = sender.record();
    if (receiver) flows.downlink = receiver.record();
    const after = wireBytes.read();
    return {
      flows,
      use: meter.read(),
      wireBytes: {
        sent: after.sent - wireBytesBefore.sent,
        received: after.received - wireBytesBefore.received,
        messages: roundTrip?.answered ?? 0,
      },
    };
  },

  async disconnect(): Promise<void> {
    await Promise.all(connections.map((connection) => connection.close()));
  },

  verify: (order: { protocol: string; url: string; foreign: boolean }): Promise<ConformanceResult[]> =>
    checkConformance(protocolNamed(order.protocol), order),
};

export type GeneratorApi = typeof api;

function receive(connection: number, payload: Payload): void {
  received++;
  if (traffic?.roundTrip) traffic.roundTrip.receive(connection, payload);
  else traffic?.receiver?.receive(connection, payload);
}

answerCalls(api);
