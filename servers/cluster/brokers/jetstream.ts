import type { Broker } from "../broker/broker.ts";
import { configured } from "../broker/configurations.ts";
import { BrokerLink } from "../broker/link.ts";

/** NATS JetStream (https://docs.nats.io/nats-concepts/jetstream): a stream per topic, a consumer of its own per node. */
export const jetstreamBroker: Broker = {
  traits: {
    name: "jetstream",
    title: "JetStream",
    summary: "NATS JetStream: a bounded log that every node reads from its own position",
    delivery: "at-least-once",
    history: true,
    order: "total",
    durability: { fsync: "every 2 minutes", replicas: 1, acknowledgedBy: 1 },
    component: "nats",
    libraries: ["@nats-io/transport-node", "@nats-io/jetstream"],
  },
  connect: (options) =>
    BrokerLink.connect("NATS JetStream", options, async (context) =>
      (await import("./jetstream-session.ts")).openJetstream(context),
    ),
  removeTopics: async (topics) => (await import("./jetstream-streams.ts")).deleteStreams(topics),
};

/** With the server's `sync_interval`: its default and `always`, which NATS has since 2.10. */
export const jetstreamBrokers = configured(jetstreamBroker, {
  always: { title: "synced with every write", fsync: "before acknowledging" },
});
