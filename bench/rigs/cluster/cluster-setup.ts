import type { Backoff } from "../../../load/channel/backoff.ts";
import type { KnownBy } from "../../../load/channel/identity.ts";
import type { Policy } from "../../../protocol/policies.ts";
import type { BalancerName } from "../../../servers/cluster/balancers/balancers.ts";
import type { Rooming } from "../../../servers/cluster/node/channel.ts";
import type { Target } from "../../targets/target.ts";
import type { NodeSoftware } from "../processes/node-api.ts";

/** What is started for a cell, and how its users behave. */
export interface Setup {
  readonly protocol: string;
  readonly nodes: number;
  /** Absent: our own. */
  readonly nodeSoftware?: NodeSoftware;
  /** A node that ends by itself is a result, and no end of the trial; absent: it is one. */
  readonly nodesMayDie?: true;
  /** Nodes known to the load balancer but not running at the start: for scaling out. */
  readonly spareNodes: number;
  /** `none` for nodes that do not know each other. */
  readonly broker: string;
  /** Of the nodes, the first so many reach their broker through a relay that can cut, delay and throttle; absent: none. */
  readonly relayedNodes?: number;
  /** All nodes in one consumer group: the mistake with Kafka. */
  readonly sharedConsumerGroup: boolean;
  readonly balancer: BalancerName;
  /** Load balancers side by side, which do not know each other; absent: one. */
  readonly balancers?: number;
  readonly policy: Policy;
  /** A node that comes up gets its full share of new users only after so long; 0: at once. */
  readonly slowStartMs: number;
  /** How the load balancer can tell users apart, besides a cookie. Absent: as the policy needs it. */
  readonly knownBy?: KnownBy;
  /** HAProxy's `on-marked-down shutdown-sessions`. */
  readonly shutdownSessions: boolean;
  /** Where the state of a session is. `outside` needs Redis. */
  readonly state: "node" | "outside";
  readonly users: number;
  /** Users talk in rooms of so many, one after the other; absent: all in one channel. */
  readonly rooms?: { readonly how: Rooming; readonly usersPerRoom: number };
  readonly cookies: "kept" | "ignored";
  readonly resume: boolean;
  readonly backoff: Backoff;
  readonly payloadBytes: number;
  /** Bytes a node queues for one user before it gives the user up. */
  readonly queueBytesMax: number;
  /** The cell is about users who do not get in; any other one fails if it cannot begin with everybody connected. */
  readonly mayStayOut: boolean;
  /** Handshakes under way at a time while the users connect. */
  readonly connectConcurrent: number;
}

/** How much and how long. */
export interface ClusterSettings {
  readonly nodes: number;
  /** Virtual users, one connection each. */
  readonly users: number;
  /** Published by all users together. */
  readonly ratePerSecond: number;
  readonly payloadBytes: number;
  /** Of a measured window of traffic. */
  readonly durationMs: number;
  /** Node counts of the scaling experiment. */
  readonly nodeCounts: readonly number[];
  /** Brokers asked for; experiments over all brokers have a cell for each. */
  readonly brokers: readonly string[];
  /** Load balancer asked for on the command line; experiments that need what only HAProxy does ignore it. */
  readonly balancer?: BalancerName;
  /** Policy asked for on the command line; experiments that vary it ignore it. */
  readonly policy?: Policy;
  /** Protocol of experiments that do not vary it. */
  readonly protocol: string;
  /** How long an experiment waits for its users after a fault. */
  readonly recoveryMsMax: number;
}

/** What a rig needs to know of a cell. */
export interface ClusterPlan {
  readonly target: Target;
  readonly variant: string;
  readonly setup: Setup;
  readonly settings: Pick<ClusterSettings, "recoveryMsMax">;
}
