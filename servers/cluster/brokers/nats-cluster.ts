import type { Broker } from "../broker/broker.ts";
import { natsBroker } from "./nats.ts";

/** Core NATS on three servers (https://docs.nats.io/running-a-nats-service/configuration/clustering). */
export const natsClusterBroker: Broker = {
  ...natsBroker,
  traits: {
    ...natsBroker.traits,
    name: "nats-cluster",
    title: "NATS, 3 servers",
    summary: "core NATS on three servers: each node is a client of one of them and goes to another when that dies",
    component: "nats-cluster",
  },
};
