import type { Broker } from "../broker/broker.ts";

/** Nothing between the nodes: what is published at a node reaches the users of that node, and nobody else. */
export const noBroker: Broker = {
  traits: {
    name: "none",
    title: "No broker",
    summary: "nothing between the nodes: each delivers what was published at it to its own users",
    delivery: "at-most-once",
    history: false,
    order: "per-publisher",
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    libraries: [],
  },
  async connect({ onMessage }) {
    let live = true;
    return {
      get live() {
        return live;
      },
      position: undefined,
      async publish(text, room) {
        onMessage({ text, ...(room !== undefined && { room }) });
      },
      async subscribe() {},
      unsubscribe() {},
      replay: async () => undefined,
      async close() {
        live = false;
      },
    };
  },
};
