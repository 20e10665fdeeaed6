import type { Broker } from "../broker/broker.ts";
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
    outage: "Nothing that was acknowledged, if only the process died; what was on the way is rejected.",
    component: "nats",
    libraries: ["@nats-io/transport-node", "@nats-io/jetstream"],
  },
  connect: (options) =>
    BrokerLink.connect("NATS JetStream", options, async (context) =>
      (await import("./jetstream-session.ts")).openJetstream(context),
    ),
};
