import { connect as connectTcp } from "node:net";
import type { MqttClient } from "mqtt";
import type { Broker, BrokerConnectOptions } from "../broker/broker.ts";
import { configured } from "../broker/configurations.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";

/** Quality of service, section 4.3 of MQTT 5. */
type Qos = 0 | 1;

const connectWith =
  (qos: Qos) =>
  (options: BrokerConnectOptions): ReturnType<Broker["connect"]> =>
    BrokerLink.connect("MQTT", options, openWith(qos));

/**
 * MQTT 5 (https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html) over mosquitto, with quality of service 1 on both
 * ways unless a configuration says another, and sessions that end with their connection: one that outlives it is kept for
 * one client only, so that it is no history that a node could ask for.
 */
const mqttBroker: Broker = {
  traits: {
    name: "mqtt",
    title: "MQTT",
    summary: "MQTT 5 over mosquitto, acknowledged (quality of service 1): messages pass through and are not kept",
    delivery: "at-most-once",
    history: false,
    order: "per-publisher",
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    component: "mosquitto",
    libraries: ["mqtt"],
  },
  connect: connectWith(1),
};

/**
 * In neither is a message sent again, since its session ends with its connection: what 1 adds while that works is an answer
 * for each message on each way. There is no `qos2`: the client library sends more than the broker's Receive Maximum (section
 * 4.9) lets be under way, for which mosquitto ends the connection.
 */
export const mqttBrokers = configured(mqttBroker, {
  qos0: { title: "quality of service 0 instead", connect: connectWith(0) },
});

const openWith =
  (qos: Qos): OpenSession =>
  async (context) => {
    await using opened = new AsyncDisposableStack();
    const { topic } = context;
    const over = opened.adopt(new AbortController(), (controller) => controller.abort());
    const publisher = await client(context, "publisher", over.signal);
    // A connection of its own: a burst towards the node must not delay the answers to what it publishes.
    const subscriber = await client(context, "subscriber", over.signal);
    subscriber.on("message", (_, payload) => context.deliver({ text: payload.toString() }));
    // Without what others may have left there to be kept: that is older than the subscription.
    await subscriber.subscribeAsync(topic, { qos, rh: 2 });
    const pings = new Pings(publisher);
    let read: Promise<void> | undefined;
    const everything = opened.move();
    return {
      position: undefined,
      // What was published while there was no session went nowhere.
      gap: true,
      /**
       * Acknowledged when the broker has it; who else gets it is its business from then on. Where nothing is acknowledged,
       * the answer to a ping after all that was published in this turn says that it was read.
       */
      async publish(text) {
        if (qos > 0) {
          await publisher.publishAsync(topic, text, { qos });
          return;
        }
        publisher.publish(topic, text, { qos });
        read ??= Promise.resolve().then(() => {
          read = undefined;
          return pings.ask();
        });
        await read;
      },
      async check() {
        await Promise.all([pings.ask(), answered(subscriber)]);
      },
      end: () => everything.disposeAsync(),
    };
  };

/** Pings of a connection, which are answered in order. */
class Pings {
  readonly #client: MqttClient;
  readonly #waiting: (() => void)[] = [];

  constructor(client: MqttClient) {
    this.#client = client;
    client.on("packetreceive", ({ cmd }) => {
      if (cmd === "pingresp") this.#waiting.shift()?.();
    });
  }

  /** Resolves when the broker has read all that was sent before; never, if the connection is lost. */
  ask(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#client.sendPing();
    });
  }
}

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
    queueQoSZero: false,
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
