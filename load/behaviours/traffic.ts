import type { ServerConnection } from "../../protocol/contract.ts";
import type { MessageCodec } from "../../protocol/messages/message.ts";
import { OneWayReceiver, OneWaySender, tickIdle } from "../flows/one-way.ts";
import type { Outlet } from "../flows/outlet.ts";
import type { WindowOrder } from "../flows/window.ts";
import { realTimeline, wakeMetronome } from "../pacing/metronome.ts";
import type { FlowRecords, MeasuredBehaviour } from "./measured-behaviour.ts";

/** What traffic may be told to do wrong. */
export interface TrafficOrder {
  /** What it pushes leaves so much later than it says, in milliseconds. */
  readonly pushDelayMs?: number;
}

/**
 * Echoes, except in windows with one-way flows: in those it takes in what clients send and pushes to them on a schedule
 * of its own, each direction for itself. So one process serves every experiment with traffic. Its schedule ticks in
 * every window of one-way flows, pushing or not: see `tickIdle`.
 */
export function trafficBehaviour(codec: MessageCodec, { pushDelayMs }: TrafficOrder = {}): MeasuredBehaviour {
  wakeMetronome();
  /** Open connections, and the place each has in the current window. */
  const places = new Map<ServerConnection, number>();
  let receiver: OneWayReceiver | undefined;
  let sender: OneWaySender | undefined;
  let window: WindowOrder | undefined;
  let echoes = true;
  let handledMessages = 0;
  let onConnection: () => void = () => {};

  const outletTo = (connection: ServerConnection): Outlet =>
    pushDelayMs === undefined
      ? connection
      : { send: (payload) => realTimeline.after(pushDelayMs, () => connection.send(payload)) };

  /** A client is connected once the kernel has answered; this process may not have heard of it yet. */
  async function accepted(connections: number): Promise<void> {
    while (places.size < connections) {
      await new Promise<void>((resolve) => {
        onConnection = resolve;
      });
    }
  }

  return {
    behaviour(connection) {
      places.set(connection, places.size);
      onConnection();
      return {
        message(payload) {
          handledMessages++;
          if (echoes) connection.send(payload);
          else receiver?.receive(places.get(connection)!, payload);
        },
        closed: () => void places.delete(connection),
      };
    },
    get handledMessages() {
      return handledMessages;
    },
    async prepare(order) {
      window = order;
      const { roundTrip, uplink, downlink } = window.flows;
      echoes = roundTrip !== undefined;
      receiver = undefined;
      sender = undefined;
      if (echoes) return;
      await accepted(window.connections);
      const connections = [...places.keys()];
      for (const [place, connection] of connections.entries()) places.set(connection, place);
      receiver = uplink && new OneWayReceiver(realTimeline, codec, window, connections.length);
      sender = downlink && new OneWaySender(realTimeline, codec, window, connections.map(outletTo));
    },
    async send() {
      if (window === undefined || echoes) return;
      const { downlink } = window.flows;
      if (downlink) await sender?.run(downlink);
      else tickIdle(realTimeline, window);
    },
    halt() {
      sender?.halt();
    },
    async collect(drainMs) {
      await receiver?.drain(drainMs);
      const records: FlowRecords = {};
      if (receiver !== undefined) records.uplink = receiver.record();
      if (sender !== undefined) records.downlink = sender.record();
      return records;
    },
  };
}
