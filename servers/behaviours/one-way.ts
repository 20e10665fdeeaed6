import { realTimeline } from "../../bench/clock.ts";
import { OneWayReceiver, OneWaySender } from "../../bench/flows/one-way.ts";
import { stayAwake } from "../../bench/flows/pacer.ts";
import type { MessageCodec } from "../../bench/message.ts";
import type { ServerConnection } from "../../bench/protocol.ts";
import type { FlowRecords, Service } from "./service.ts";

/**
 * Takes in what clients send and pushes to them on a schedule of its own, each direction for itself. It stays awake
 * in every window, pushing or not: a receiver that slept when it had nothing to push would look slower alone than
 * with both directions busy.
 */
export function oneWayService(codec: MessageCodec): Service {
  const connections: ServerConnection[] = [];
  let receiver: OneWayReceiver | undefined;
  let sender: OneWaySender | undefined;
  let handledMessages = 0;

  return {
    behaviour(connection) {
      const index = connections.push(connection) - 1;
      return {
        message(payload) {
          handledMessages++;
          receiver?.receive(index, payload);
        },
        closed() {},
      };
    },
    get handledMessages() {
      return handledMessages;
    },
    async begin(window) {
      const { uplink, downlink } = window.flows;
      receiver = uplink && new OneWayReceiver(realTimeline, codec, window, connections.length);
      sender = downlink && new OneWaySender(realTimeline, codec, window, connections);
      stayAwake(realTimeline, window.endNs);
      if (downlink?.kind === "open") await sender?.run(downlink.ratePerSecond);
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
