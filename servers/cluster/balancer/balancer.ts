/** The contract of the load balancer in front of the nodes: types only. */
import type { Policy } from "../../../protocol/policies.ts";

export interface ProxiedNode {
  /** Its name in the configuration and the value of its cookie, e.g. `node-2`. */
  readonly name: string;
  readonly port: number;
  readonly readyPort: number;
  /** Known, but not used until it is set to `ready`. */
  readonly spare: boolean;
}

export interface ProxySetup {
  readonly policy: Policy;
  readonly nodes: readonly ProxiedNode[];
  /** `on-marked-down shutdown-sessions`: cut the connections of a node that fails its health check. */
  readonly shutdownSessions: boolean;
  /** A node that comes up gets its full share of new users only after so long, in milliseconds; 0: at once. */
  readonly slowStartMs: number;
  /** Time without data either way after which an upgraded connection is cut, in milliseconds. */
  readonly tunnelTimeoutMs: number;
}

/** One line of `show stat` for a node. */
export interface NodeStatus {
  readonly name: string;
  /** `UP`, `DOWN`, `MAINT`, `DRAIN`, `NOLB`; transitions such as `UP 1/2` are cut to their first word. */
  readonly status: string;
  /** Sessions (HTTP) or connections it has now; absent where the load balancer does not say. */
  readonly sessions?: number;
  /** Sessions it ever got; likewise. */
  readonly sessionsTotal?: number;
}

/** What the load balancer made of a node's health check. */
export interface NodeTransition {
  /** When this process heard of it. */
  readonly atNs: number;
  readonly node: string;
  readonly to: "up" | "down";
  /** `not-ready`: the node itself said so. `timeout`: no answer in time. */
  readonly why: "passed" | "not-ready" | "timeout" | "refused" | "other";
}

export type AdminState = "ready" | "drain" | "maint";

export interface RunningProxy {
  /** Host and port of the frontend. */
  readonly authority: string;
  /** The generated configuration, comments and all. */
  readonly configuration: string;
  /** Of all its processes, old workers included. */
  readonly pids: () => number[];
  /** Of all nodes since it was first up, oldest first; empty where the load balancer does not check or tell. */
  readonly transitions: readonly NodeTransition[];
  /** From the runtime socket. */
  status(): Promise<NodeStatus[]>;
  setState(node: string, state: AdminState): Promise<void>;
  /** Cuts all connections of a node now. */
  shutdownSessions(node: string): Promise<void>;
  /** Starts a new worker with the same configuration; the old one keeps its connections. Resolves when the new one serves. */
  reload(): Promise<void>;
  /** SIGKILL of all its processes; `restart` starts it again on the same port. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  onDeath: ((sentence: string) => void) | undefined;
  stop(): Promise<void>;
}
