/** One broker for a long time: nodes that publish at a low rate, and what became of every message. */
import { setTimeout as elapsed } from "node:timers/promises";
import { describeError } from "../../protocol/errors.ts";
import type { Broker, BrokerConnection, BrokerStatus } from "../../servers/cluster/broker/broker.ts";
import type { RunningProgram } from "../../servers/programs/running-program.ts";
import { residentBytes } from "../rigs/proc/process-use.ts";
import { Tally } from "./tally.ts";

export interface SoakPlan {
  readonly broker: Broker;
  readonly server: RunningProgram;
  readonly topic: string;
  readonly nodes: number;
  readonly durationMs: number;
  /** Of each node. */
  readonly ratePerSecond: number;
  /** Ends it early; what was counted until then counts. */
  readonly signal: AbortSignal;
}

export interface SoakCounts {
  /** Taken by the broker. */
  readonly published: number;
  /** Not taken, or nobody could tell. */
  readonly refused: number;
  /** At all nodes together; all of them is `published` times the number of nodes. */
  readonly delivered: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly late: number;
  /** Of all nodes, in their order. */
  readonly statuses: readonly BrokerStatus[];
  /** Times a node had its link again. */
  readonly reconnects: number;
  /** Of the broker's process, soon after the start and now; undefined where it is not ours to see. */
  readonly serverBytes: { readonly first: number; readonly last: number } | undefined;
  /** The process died. */
  readonly died: string | undefined;
}

/** For a broker nobody touched: everything came, once, in order, and nothing happened to any link. */
export const isSound = ({ refused, missing, duplicates, late, statuses, died }: SoakCounts): boolean =>
  refused + missing + duplicates + late + statuses.length === 0 && died === undefined;

/** What is still on the way when the last message was published. */
const settleMsMax = 30_000;
const settleStepMs = 50;

class SoakNode {
  readonly name: string;
  readonly statuses: BrokerStatus[] = [];
  /** By publisher. */
  readonly tallies: readonly Tally[];
  readonly refused = new Set<number>();
  readonly #index: number;
  #link: BrokerConnection | undefined;
  #sequence = 0;

  constructor(index: number, nodes: number) {
    this.#index = index;
    this.name = `node-${index}`;
    this.tallies = Array.from({ length: nodes }, () => new Tally());
  }

  get tried(): number {
    return this.#sequence;
  }

  async connect({ broker, server, topic, signal }: SoakPlan): Promise<void> {
    this.#link = await broker.connect({
      url: server.url,
      topic,
      node: this.name,
      signal,
      onMessage: ({ text }) => {
        const [publisher, sequence] = text.split(" ").map(Number);
        this.tallies[publisher!]?.receive(sequence!);
      },
      onStatus: (status) => this.statuses.push(status),
    });
  }

  /** Publishes at its rate until told otherwise, and never waits for what is on the way. */
  async publish({ ratePerSecond, signal }: SoakPlan, endMs: number): Promise<void> {
    const onTheWay = new Set<Promise<void>>();
    while (performance.now() < endMs && !signal.aborted) {
      const sequence = this.#sequence++;
      const publishing = this.#link!.publish(`${this.#index} ${sequence}`).catch(() => {
        this.refused.add(sequence);
      });
      onTheWay.add(publishing);
      void publishing.then(() => onTheWay.delete(publishing));
      await elapsed(1000 / ratePerSecond, undefined, { signal }).catch(() => {});
    }
    await Promise.all(onTheWay);
  }

  async close(): Promise<void> {
    await this.#link?.close();
  }
}

/** Runs it; `watch` is handed, when all nodes are connected, what gives the counts as they are. */
export async function soak(plan: SoakPlan, watch: (counts: () => SoakCounts) => void = () => {}): Promise<SoakCounts> {
  const { server } = plan;
  const nodes = Array.from({ length: plan.nodes }, (_, index) => new SoakNode(index, plan.nodes));
  let died: string | undefined;
  server.onDeath = (sentence) => {
    died = sentence;
  };
  await using cleanUp = new AsyncDisposableStack();
  for (const node of nodes) cleanUp.defer(() => node.close());
  const sum = (pick: (tally: Tally) => number): number =>
    nodes.reduce((total, { tallies }) => total + tallies.reduce((all, tally) => all + pick(tally), 0), 0);
  let first: number | undefined;
  const counts = (): SoakCounts => {
    const last = server.pid === undefined ? undefined : residentBytes(server.pid);
    const statuses = nodes.flatMap((node) => node.statuses);
    const refused = nodes.reduce((all, node) => all + node.refused.size, 0);
    return {
      published: nodes.reduce((all, { tried }) => all + tried, 0) - refused,
      refused,
      delivered: sum(({ received }) => received),
      // Only known when nothing is on the way any more.
      missing: 0,
      duplicates: sum(({ duplicates }) => duplicates),
      late: sum(({ late }) => late),
      statuses,
      reconnects: statuses.filter((status) => status !== "lost").length,
      serverBytes: first === undefined || last === undefined ? undefined : { first, last },
      died,
    };
  };
  try {
    await Promise.all(nodes.map((node) => node.connect(plan)));
    first = server.pid === undefined ? undefined : residentBytes(server.pid);
    watch(counts);
    const endMs = performance.now() + plan.durationMs;
    await Promise.all(nodes.map((node) => node.publish(plan, endMs)));
    const { published } = counts();
    const settledMs = performance.now() + settleMsMax;
    const waits = (): boolean => died === undefined && performance.now() < settledMs;
    while (counts().delivered < published * nodes.length && waits()) await elapsed(settleStepMs);
  } catch (error) {
    if (!plan.signal.aborted) died ??= describeError(error);
  }
  const missing = nodes.reduce(
    (all, { tallies }) =>
      all + tallies.reduce((some, tally, from) => some + tally.missing(nodes[from]!.tried, nodes[from]!.refused), 0),
    0,
  );
  server.onDeath = undefined;
  return { ...counts(), missing };
}
