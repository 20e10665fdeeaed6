/** What is known of a trial when it is asked who lost a message: data only, from the processes that were on the way. */
import type { MissingDelivery, Outage } from "../../../load/channel/channel-users-api.ts";
import type { NodeTransition } from "../../../servers/cluster/balancer/balancer.ts";
import type { CustodyAnswer } from "../../../servers/cluster/node/custody.ts";

export type Culprit = "broker" | "node" | "load-balancer" | "users" | "machine" | "unknown";

/** Something the experiment did on purpose. */
export interface OrderedFault {
  /** A node's name, or that of broker, load balancer or users. */
  readonly subject: string;
  readonly atNs: number;
  /** Repaired, and what followed from it over; infinite: not yet. */
  readonly untilNs: number;
  readonly what: string;
  /** What repairs a fault, or is one only in passing. */
  readonly kind: "fault" | "action";
}

/** A node whose process ended though nobody told it to. */
export interface NodeDeath {
  readonly node: string;
  readonly atNs: number;
  /** As a sentence. */
  readonly how: string;
}

/** How the time of a process went by: running, waiting for a core, or neither (asleep, stopped). */
export interface CoreTimes {
  readonly ranMs: number;
  readonly waitedMs: number;
}

export interface Evidence {
  /** Of the missing deliveries listed, by the name of their node: what it says of each, or why it says nothing. */
  readonly custody: ReadonlyMap<string, CustodyAnswer | { readonly silent: string }>;
  /** `none` where the nodes do not know each other. */
  readonly broker: string;
  readonly balancer: string;
  readonly faults: readonly OrderedFault[];
  readonly deaths: readonly NodeDeath[];
  /** What the load balancer said of its nodes. */
  readonly transitions: readonly NodeTransition[];
  /** Of all users, in the order in which they began; undefined: too many to list. */
  readonly outages: readonly Outage[] | undefined;
  /** Arrivals that were no message, or not the one published. */
  readonly corruptedDeliveries: number;
  /** By the subject's name, or `users`; undefined where the kernel does not tell. */
  coreTimes(subject: string, fromNs: number, toNs: number): CoreTimes | undefined;
}

/** Who lost a delivery, and how that is known. */
export interface Cause {
  readonly culprit: Culprit;
  /** The one of several: `node-2`. */
  readonly subject: string;
  /** The experiment did it. */
  readonly ordered: boolean;
  /** What it did, for a sentence that begins with the subject: `did not take it`; of an order, what was ordered: `killed`. */
  readonly why: string;
}

export type { MissingDelivery };
