import { connect as connectTcp } from "node:net";
import type { MqttClient } from "mqtt";
import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";

/**
 * MQTT 5 (https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html) over mosquitto, with quality of service 1 on both
 * ways and sessions that end with their connection: one that outlives it is kept for one client only, so that it is no
 * history that a node could ask for.
 */
export const mqttBroker: Broker = {
  traits: {
    name: "mqtt",
    title: "MQTT",
    summary: "MQTT 5 over mosquitto, quality of service 1: messages pass through and are not kept",
    delivery: "at-most-once",
    history: false,
    order: "per-publisher",
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    component: "mosquitto",
    libraries: ["mqtt"],
  },
  connect: (options) => BrokerLink.connect("MQTT", options, open),
};

const open: OpenSession = async (context) => {
  await using opened = new AsyncDisposableStack();
  const { topic } = context;
  const over = opened.adopt(new AbortController(), (controller) => controller.abort());
  const publisher = await client(context, "publisher", over.signal);
  // A connection of its own: a burst towards the node must not delay the answers to what it publishes.
  const subscriber = await client(context, "subscriber", over.signal);
  subscriber.on("message", (_, payload) => context.deliver({ text: payload.toString() }));
  // Without what others may have left there to be kept: that is older than the subscription.
  await subscriber.subscribeAsync(topic, { qos: 1, rh: 2 });
  const everything = opened.move();
  return {
    position: undefined,
    // What was published while there was no session went nowhere.
    gap: true,
    /** Acknowledged when the broker has it; who else gets it is its business from then on. */
    async publish(text) {
      await publisher.publishAsync(topic, text, { qos: 1 });
    },
    async check() {
      await Promise.all([publisher, subscriber].map(answered));
    },
    end: () => everything.disposeAsync(),
  };
};

/** Whatever comes next says that the broker is there. */
const answered = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    client.once("packetreceive", () => resolve());
    client.sendPing();
  });

/** A connection that works, of which the session hears when it ends; destroyed when opening is aborted or it is over. */
async function client(
  { url, topic, node, signal, lost }: SessionContext,
  role: string,
  over: AbortSignal,
): Promise<MqttClient> {
  const { hostname, port, username, password } = new URL(url);
  // Optional to install, and only nodes that use it wait for it to load.
  const { default: mqtt } = await import("mqtt");
  const end = AbortSignal.any([signal, over]);
  const socket = connectTcp({ host: hostname, port: Number(port), noDelay: true, signal: end });
  const opened = new mqtt.MqttClient(() => socket, {
    protocolVersion: 5,
    // A broker ends a connection whose name another one takes: unique where several clusters share it.
    clientId: `${topic}-${node}-${role}`,
    clean: true,
    // The link asks and reconnects itself.
    keepalive: 0,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(username !== "" && { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
  });
  opened.on("error", lost).on("close", lost);
  end.addEventListener("abort", () => opened.end(true), { once: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  opened.once("connect", () => resolve()).once("error", reject);
  opened.once("close", () => reject(new Error("the connection was closed before it was accepted")));
  await promise;
  return opened;
}
