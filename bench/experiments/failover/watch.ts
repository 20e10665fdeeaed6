/** What is seen of an ensemble and of the nodes that are its clients, from a fault on. */
import { nowNs } from "../../../protocol/clock.ts";
import type { RunningEnsemble } from "../../../servers/programs/running-program.ts";
import type { ClusterRig } from "../../rigs/cluster/cluster-rig.ts";

/** Between two looks at the ensemble, and at the nodes: beside these, how long an answer takes is how exact a clock is. */
const lookAgainMs = 25;
/** A node that hands over nothing for less than this is only between two messages, or busy. */
const silentMsMin = 250;

/** When another member than `before` was first said to lead; undefined: not by then. */
export const untilOtherLeads = (
  rig: ClusterRig,
  ensemble: Pick<RunningEnsemble, "leader">,
  before: string,
  maxMs: number,
): Promise<{ atNs: number; name: string } | undefined> =>
  rig.until(async () => {
    const leader = await ensemble.leader(rig.topic);
    return leader === undefined || leader.name === before ? undefined : { atNs: nowNs(), name: leader.name };
  }, maxMs);

/** When it was first seen that every member runs and has everything; undefined: not by then. */
export const untilWhole = (
  rig: ClusterRig,
  ensemble: Pick<RunningEnsemble, "whole">,
  maxMs: number,
): Promise<number | undefined> => rig.untilSeen(() => ensemble.whole(rig.topic), maxMs);

/** Looks at the nodes again and again, from when it is made until it is stopped. */
export class NodeWatch {
  readonly #rig: ClusterRig;
  readonly #nodes = new Map<number, { deliveries: number; sinceNs: number; silenceMaxNs: number }>();
  readonly #startNs = nowNs();
  readonly #looking: Promise<void>;
  #stopped = false;
  #lastNotLiveNs: number | undefined;

  constructor(rig: ClusterRig) {
    this.#rig = rig;
    this.#looking = this.#look();
    this.#looking.catch(() => {});
  }

  /** The fault is now: what was before does not count. */
  begin(): void {
    const atNs = nowNs();
    for (const [index, { deliveries }] of this.#nodes) {
      this.#nodes.set(index, { deliveries, sinceNs: atNs, silenceMaxNs: 0 });
    }
    this.#lastNotLiveNs = undefined;
  }

  /** Whether all have their subscription and hand over messages, after a fault at `sinceNs`. */
  isWell(sinceNs: number): boolean {
    const recentNs = nowNs() - silentMsMin * 1e6;
    const nodes = [...this.#nodes.values()];
    const live = this.#lastNotLiveNs === undefined || this.#lastNotLiveNs < recentNs;
    return live && recentNs > sinceNs && nodes.length > 0 && nodes.every(({ sinceNs: last }) => last > recentNs);
  }

  /** When a node was last seen without its subscription; undefined: never. */
  get lastNotLiveNs(): number | undefined {
    return this.#lastNotLiveNs;
  }

  /** The longest time in which a node handed over nothing; 0: each did all the time. */
  get silenceMaxMs(): number {
    const longestMs = Math.max(0, ...[...this.#nodes.values()].map(({ silenceMaxNs }) => silenceMaxNs / 1e6));
    return longestMs < silentMsMin ? 0 : longestMs;
  }

  /** Until the nodes are well, or that has taken too long. */
  async untilWell(sinceNs: number, maxMs: number): Promise<boolean> {
    return (await this.#rig.untilSeen(async () => this.isWell(sinceNs), maxMs)) !== undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      const counts = await this.#rig.nodeCounts();
      const atNs = nowNs();
      if (counts.some(({ brokerLive }) => !brokerLive)) this.#lastNotLiveNs = atNs;
      for (const [index, { deliveries }] of counts.entries()) {
        const node = this.#nodes.get(index) ?? { deliveries, sinceNs: this.#startNs, silenceMaxNs: 0 };
        node.silenceMaxNs = Math.max(node.silenceMaxNs, atNs - node.sinceNs);
        this.#nodes.set(index, deliveries > node.deliveries ? { ...node, deliveries, sinceNs: atNs } : node);
      }
      await this.#rig.wait(lookAgainMs);
    }
  }
}
