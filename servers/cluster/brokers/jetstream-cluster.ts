import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import { jetstreamBroker } from "./jetstream.ts";

const replicas = 3;

/** JetStream with three replicas (https://docs.nats.io/nats-concepts/jetstream/js_walkthrough, clustering). */
export const jetstreamClusterBroker: Broker = {
  traits: {
    ...jetstreamBroker.traits,
    name: "jetstream-cluster",
    title: "JetStream, 3 replicas",
    summary: "NATS JetStream on three servers: acknowledged is what two of the three replicas have",
    durability: { fsync: "every 2 minutes", replicas: 3, acknowledgedBy: 2 },
    component: "nats-cluster",
  },
  connect: (options) =>
    BrokerLink.connect("NATS JetStream", options, async (context) =>
      (await import("./jetstream-session.ts")).openJetstream(context, replicas),
    ),
};
