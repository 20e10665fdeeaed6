/** What the driver asks of a node of the cluster, which is a process. Data only. */

import type { Limits } from "../../../protocol/contract.ts";
import type { BrokerStatus } from "../../../servers/cluster/broker/broker.ts";
import type { Rooming } from "../../../servers/cluster/node/channel.ts";
import type { CustodyAnswer, CustodyQuestion } from "../../../servers/cluster/node/custody.ts";

/** What a node is: our own, or a Socket.IO server with the adapter for its broker. */
export const nodeSoftware = ["wirebench", "socket.io"] as const;
export type NodeSoftware = (typeof nodeSoftware)[number];

export interface NodeOrder {
  /** Unique in the cluster, e.g. `node-2`. */
  readonly node: string;
  readonly software: NodeSoftware;
  readonly protocol: string;
  readonly limits: Limits;
  /** Loopback ports; fixed, since the load balancer knows them. */
  readonly port: number;
  /** `GET /ready` here answers 200 only while the broker's subscription is live, 503 otherwise. */
  readonly readyPort: number;
  /** `none`: the node keeps to itself. */
  readonly broker: string;
  /** Absent for `none`. */
  readonly brokerUrl?: string;
  readonly topic: string;
  readonly consumerGroup?: string;
  /** Absent: there are no rooms. */
  readonly rooms?: Rooming;
  /** Sessions are kept in this Redis instead of in the node's memory. */
  readonly stateUrl?: string;
}

export interface NodeCounts {
  readonly users: number;
  readonly publications: number;
  /** Messages the broker handed to it. */
  readonly brokerDeliveries: number;
  readonly deliveries: number;
  /** Users given up because they did not read, in the protocol's own terms. */
  readonly slowConsumers: number;
  readonly rssBytes: number;
  readonly brokerLive: boolean;
}

export interface NodeApi {
  /** Resolves when it listens and the broker's subscription is live. */
  start(order: NodeOrder): Promise<{ url: string }>;
  counts(): Promise<NodeCounts>;
  /** What it had in its hands of these deliveries. */
  custody(question: CustodyQuestion): Promise<CustodyAnswer>;
  /** Tells so many users per second to move (`moving`), then closes them in the protocol's own terms, until none is left. */
  drain(order: { perSecond: number }): Promise<void>;
  /** Before memory is read: leaves in the heap what is in use. */
  collectGarbage(): Promise<void>;
  /** Answers `/ready` with 503 from now on, or as it should again. */
  ready(order: { ready: boolean }): Promise<void>;
  /** Keeps the event loop busy for `busyMs` of every `everyMs`, until `forMs` are over: a slow node. Resolves at once. */
  slow(order: { busyMs: number; everyMs: number; forMs: number }): Promise<void>;
}

/** What a node tells unasked. */
export type NodeEvents = {
  /** Its link to the broker, on every change. */
  brokerIs: BrokerStatus;
};
