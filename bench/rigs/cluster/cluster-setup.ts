import type { Backoff } from "../../../load/channel/backoff.ts";
import type { BrokerName, Policy } from "../../../results/contract/cluster-results.ts";

/** What is started for an arm, and how its users behave; `defaultSetup` holds the rest. */
export interface Setup {
  readonly protocol: string;
  readonly nodes: number;
  /** Nodes known to the load balancer but not running at the start: for scaling out. */
  readonly spareNodes: number;
  readonly broker: BrokerName;
  /** All nodes in one consumer group: the mistake with Kafka. */
  readonly sharedConsumerGroup: boolean;
  readonly policy: Policy;
  /** HAProxy's `on-marked-down shutdown-sessions`. */
  readonly shutdownSessions: boolean;
  /** Where the state of a session is. `outside` needs Redis. */
  readonly state: "node" | "outside";
  readonly users: number;
  readonly cookies: "kept" | "ignored";
  readonly resume: boolean;
  readonly backoff: Backoff;
  readonly payloadBytes: number;
  /** Bytes a node queues for one user before it gives the user up. */
  readonly queueBytesMax: number;
  /** The arm is about users who do not get in; any other one fails if it cannot begin with everybody connected. */
  readonly mayStayOut: boolean;
  /** Handshakes under way at a time while the users gather. */
  readonly gatherConcurrent: number;
}

/** How much and how long; a preset. */
export interface ClusterSettings {
  readonly trials: number;
  readonly nodes: number;
  readonly users: number;
  readonly ratePerSecond: number;
  readonly payloadBytes: number;
  /** Of a measured stretch of traffic. */
  readonly durationMs: number;
  /** Node counts of the scaling experiment. */
  readonly nodeCounts: readonly number[];
  /** Brokers asked for; experiments over all brokers make one arm each. */
  readonly brokers: readonly BrokerName[];
  /** Policy asked for on the command line; experiments that vary it ignore it. */
  readonly policy?: Policy;
  /** Protocol of experiments that do not vary it. */
  readonly protocol: string;
  /** Settle time of clients after a fault before an experiment gives up waiting, in milliseconds. */
  readonly recoveryMsMax: number;
}
