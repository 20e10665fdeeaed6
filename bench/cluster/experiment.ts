/** The contract between an experiment and what runs it. An experiment is one file of arms and predictions. */
import type { BrokerName, ExperimentInfo, Policy } from "../../reports/cluster/results.ts";
import type { Backoff } from "./backoff.ts";
import type { BalancedAs } from "./protocols.ts";
import type { Stage } from "./stage.ts";

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

export interface Expectation {
  /** Id of a taught statement. */
  readonly claim?: string;
  readonly statement: string;
  readonly formula: string;
  readonly metric: string;
  readonly expected: { readonly low: number; readonly high: number };
}

/** What an arm measured, by metric name; see reports/cluster/metrics.ts. */
export type Measures = Record<string, number>;

export interface Arm {
  /** Unique within the experiment. */
  readonly name: string;
  readonly setup: Setup;
  readonly ratePerSecond?: number;
  /** What else this arm changes, for the report. */
  readonly settings?: Record<string, string | number | boolean>;
  /** Fixed before anything runs. */
  readonly expectations: readonly Expectation[];
  /** Runs on a cluster that is up, with all users connected. Events and series are kept by the stage. */
  readonly run: (stage: Stage) => Promise<Measures>;
}

export interface BrokenArm extends Arm {
  /** Metric of the expectation that this must fail. */
  readonly fails: string;
}

export interface Experiment extends ExperimentInfo {
  readonly arms: (settings: ClusterSettings) => readonly Arm[];
  /** What its predictions hold for; with another protocol its arms are not run. Absent: for all. */
  readonly predicts?: readonly BalancedAs[];
  /**
   * The check of the check: an arm of this experiment with its expectations untouched and its set-up broken on purpose.
   * A test runs it and demands that the expectation named fails, measured, and not for want of a number.
   */
  readonly broken: (settings: ClusterSettings) => BrokenArm;
}

export const exactly = (value: number): { low: number; high: number } => ({ low: value, high: value });
