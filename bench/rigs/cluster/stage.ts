/**
 * A running cluster with its users, as an experiment sees it: what it may break, what it may ask, and the clock all
 * events are on. Starts everything in order and ends everything, whatever happened.
 */

import type { ConnectOrder, Counts } from "../../../load/channel/channel-users-api.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { defaultLimits } from "../../../protocol/contract.ts";
import { describeError, WirebenchError } from "../../../protocol/errors.ts";
import type { ClusterEvent, ClusterTrial, Series } from "../../../results/contract/cluster-results.ts";
import type { RunningProxy } from "../../../servers/cluster/haproxy/proxy.ts";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";
import type { RemoteChannelUsersApi } from "../processes/channel-users.ts";
import type { NodeCounts } from "../processes/node-api.ts";
import { RemoteProcess } from "../processes/remote.ts";
import type { ClusterNode } from "./cluster-node.ts";
import type { ClusterSettings, Setup } from "./cluster-setup.ts";
import { openServers, type Servers, type ServersOptions } from "./topology.ts";

export interface StageOptions extends ServersOptions {
  readonly settings: ClusterSettings;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const answerWaitMs = 30_000;
/** Users who come one after the other, each of them only as far as an error, take their time. */
const gatherWaitMs = 120_000;
/** How often a polling client asks. */
const pollIntervalMs = 100;
/** Between two looks at something only asking can tell. */
const lookAgainMs = 25;
/** Resolution of the series beside the events. */
const seriesStepMs = 100;

export class Stage {
  readonly setup: Setup;
  readonly settings: ClusterSettings;
  readonly nodes: readonly ClusterNode[];
  readonly proxy: RunningProxy;
  /** Undefined for broker `none`. */
  readonly broker: RunningProgram | undefined;
  /** After `gather`, and by node. */
  readonly gathered: Counts;
  readonly #crowd: RemoteProcess<RemoteChannelUsersApi>;
  readonly #gather: ConnectOrder;
  readonly #cleanUp: AsyncDisposableStack;
  readonly #failed: Promise<never>;
  readonly #events: ClusterEvent[] = [];
  #histograms: Record<string, string> = {};
  #startNs = nowNs();

  /** Resolves when every user that can has its welcome. Leaves nothing behind when it rejects. */
  static async open(options: StageOptions): Promise<Stage> {
    const cleanUp = new AsyncDisposableStack();
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failed.catch(() => {});
    options.signal.addEventListener("abort", () => fail(new WirebenchError("aborted", "interrupted")), { once: true });
    options.signal.throwIfAborted();
    try {
      const opening = openStage(options, cleanUp, (sentence) => fail(new WirebenchError("process-failed", sentence)));
      opening.catch(() => {});
      const parts = await Promise.race([opening, failed]);
      return new Stage(options, parts, cleanUp, failed);
    } catch (error) {
      await cleanUp.disposeAsync();
      throw error;
    }
  }

  private constructor(options: StageOptions, parts: Parts, cleanUp: AsyncDisposableStack, failed: Promise<never>) {
    this.setup = options.setup;
    this.settings = options.settings;
    this.nodes = parts.nodes;
    this.proxy = parts.proxy;
    this.broker = parts.broker;
    this.gathered = parts.gathered;
    this.#crowd = parts.crowd;
    this.#gather = parts.order;
    this.#cleanUp = cleanUp;
    this.#failed = failed;
  }

  /** Asks the users. */
  ask<Method extends keyof RemoteChannelUsersApi & string>(
    method: Method,
    argument: Parameters<RemoteChannelUsersApi[Method]>[0],
    timeoutMs = answerWaitMs,
  ): Promise<Awaited<ReturnType<RemoteChannelUsersApi[Method]>>> {
    return this.unlessFailed(this.#crowd.call(method, argument, timeoutMs));
  }

  /** `work`, or the reason why the arm cannot go on: Ctrl-C, or a process that ended unasked. */
  unlessFailed<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    return Promise.race([work, this.#failed]);
  }

  async wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    try {
      await this.unlessFailed(promise);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Zero of the clock of the events and series: now, or `ms` from now. Returns it in nanoseconds. */
  startClock(inMs = 0): number {
    this.#startNs = nowNs() + inMs * 1e6;
    return this.#startNs;
  }

  get startNs(): number {
    return this.#startNs;
  }

  /** Until so many users have noticed that they were cut off since then, or the time for that is over. */
  async untilCut(users: number, sinceNs: number): Promise<void> {
    const endNs = nowNs() + this.settings.recoveryMsMax * 1e6;
    while (nowNs() < endNs) {
      const outages = await this.ask("outages", undefined);
      const cut = outages.filter(({ disconnectedNs }) => disconnectedNs >= sinceNs).map(({ user }) => user);
      // One that was cut twice is one.
      if (new Set(cut).size >= users) return;
      await this.wait(lookAgainMs);
    }
  }

  /** Until every user is connected, or the time for that is over. After a fault, first `untilCut`. */
  async untilEverybodyIsBack(): Promise<void> {
    const maxMs = this.settings.recoveryMsMax;
    const { users } = this.setup;
    await this.ask("untilConnected", { users, maxMs }, maxMs + answerWaitMs);
  }

  nodeCounts(): Promise<NodeCounts[]> {
    const running = this.nodes.filter(({ pid }) => pid !== undefined);
    return this.unlessFailed(Promise.all(running.map((node) => node.call("counts", undefined))));
  }

  /** When the condition was first seen to hold; undefined if it did not within `maxMs`. */
  async untilNodes(condition: (counts: readonly NodeCounts[]) => boolean, maxMs: number): Promise<number | undefined> {
    const endNs = nowNs() + maxMs * 1e6;
    while (nowNs() < endNs) {
      if (condition(await this.nodeCounts())) return nowNs();
      await this.wait(lookAgainMs);
    }
    return undefined;
  }

  /** When every node had its subscription again. Throws where that takes too long. */
  async untilBrokerLive(): Promise<number> {
    const { recoveryMsMax } = this.settings;
    const liveNs = await this.untilNodes((counts) => counts.every(({ brokerLive }) => brokerLive), recoveryMsMax);
    if (liveNs !== undefined) return liveNs;
    const name = this.broker?.name ?? "the broker";
    throw new WirebenchError("component-failed", `${name} was not back at every node after ${recoveryMsMax / 1000} s`);
  }

  /** Puts a spare node that has been started into service; resolves when the load balancer sends users there. */
  async addToProxy({ name }: ClusterNode): Promise<void> {
    await this.unlessFailed(this.proxy.setState(name, "ready"));
    const endNs = nowNs() + this.settings.recoveryMsMax * 1e6;
    for (;;) {
      const status = (await this.unlessFailed(this.proxy.status())).find((node) => node.name === name)?.status;
      if (status === "UP") break;
      if (nowNs() > endNs) throw new WirebenchError("component-failed", `haproxy left ${name} ${status}`);
      await this.wait(lookAgainMs);
    }
    this.mark("action", "haproxy", `${name} set to ready`);
  }

  /** More users in a process of their own, outside the ledger, so that they can be frozen. */
  async openCrowd(users: number): Promise<RemoteProcess<RemoteChannelUsersApi>> {
    const crowd = new RemoteProcess<RemoteChannelUsersApi>("second users", "channel-users");
    this.#cleanUp.defer(async () => {
      crowd.signal("SIGCONT");
      await crowd.stop();
    });
    await this.unlessFailed(crowd.call("connect", { ...this.#gather, users }, answerWaitMs));
    return crowd;
  }

  /** Milliseconds on the clock of the events. */
  atMs(ns: number): number {
    return (ns - this.#startNs) / 1e6;
  }

  /** Writes down what happened, now or at a time of the users. */
  mark(kind: ClusterEvent["kind"], subject: string, what: string, ns = nowNs()): void {
    this.#events.push({ atMs: this.atMs(ns), subject, what, kind });
  }

  /** Raw histograms of the arm, by name; those that are absent are left out. */
  keepHistograms(histograms: Readonly<Record<string, string | undefined>>): void {
    this.#histograms = Object.fromEntries(
      Object.entries(histograms).filter(([, encoded]) => encoded !== undefined),
    ) as Record<string, string>;
  }

  /** What the arm saw, besides its measures. */
  async record(): Promise<Pick<ClusterTrial, "events" | "series" | "histograms" | "connectionsPerNode">> {
    const order = { startNs: this.#startNs, endNs: nowNs(), stepMs: seriesStepMs };
    const [series, { perNode }] = await Promise.all([this.ask("series", order), this.ask("counts", undefined)]);
    const events = this.#events.toSorted((a, b) => a.atMs - b.atMs);
    return {
      events,
      histograms: this.#histograms,
      series: seriesTitles.map(([name, title]) => seriesOf(name, title, series[name])),
      connectionsPerNode: perNode,
    };
  }

  /** Ends every process of this cluster; the brokers belong to the run. */
  async close(): Promise<void> {
    await this.#cleanUp.disposeAsync();
  }
}

const seriesTitles = [
  ["connectedUsers", "Users connected"],
  ["deliveriesPerSecond", "Deliveries per second"],
  ["attemptsPerSecond", "Connection attempts per second"],
] as const;

const seriesOf = (name: string, title: string, values: number[]): Series => ({
  name,
  title,
  stepMs: seriesStepMs,
  startMs: 0,
  values,
});

interface Parts extends Servers {
  readonly crowd: RemoteProcess<RemoteChannelUsersApi>;
  readonly order: ConnectOrder;
  readonly gathered: Counts;
}

/** The servers, then the users. */
async function openStage(
  { setup, seed, ...options }: StageOptions,
  cleanUp: AsyncDisposableStack,
  died: (sentence: string) => void,
): Promise<Parts> {
  // The process starts beside the servers; what it does comes after them.
  const crowd = new RemoteProcess<RemoteChannelUsersApi>("channel users", "channel-users");
  cleanUp.defer(() => crowd.stop());
  void crowd.exited.then(died);
  const servers = await openServers({ setup, ...options }, cleanUp, died);
  const { protocol, users, cookies, resume, backoff, payloadBytes, gatherConcurrent, mayStayOut } = setup;
  const order: ConnectOrder = {
    protocol,
    url: servers.url,
    users,
    cookies,
    resume,
    backoff,
    seed,
    limits: defaultLimits,
    payloadBytes,
    pollIntervalMs,
    concurrent: gatherConcurrent,
  };
  const { counts } = await crowd.call("connect", order, gatherWaitMs);
  const gathered = mayStayOut ? counts : await everybody(crowd, users, options.settings.recoveryMsMax);
  return { ...servers, crowd, order, gathered };
}

/** A user that is not in yet would be counted as one that misses everything: nothing is measured before all are. */
async function everybody(crowd: RemoteProcess<RemoteChannelUsersApi>, users: number, maxMs: number): Promise<Counts> {
  await crowd.call("untilConnected", { users, maxMs }, maxMs + answerWaitMs);
  const counts = await crowd.call("counts", undefined, answerWaitMs);
  if (counts.connected === users) return counts;
  throw new WirebenchError(
    "connect-failed",
    `${counts.connected} of ${users} users were connected ${maxMs / 1000} s after all had tried`,
  );
}

/** How an arm ended when it could not be measured. */
export const describeStageError = (error: unknown): { state: "failed" | "not-run"; reason: string } => {
  const reason = describeError(error);
  if (!(error instanceof WirebenchError) || error.code !== "component-missing") return { state: "failed", reason };
  return { state: "not-run", reason: error.hint === undefined ? reason : `${reason}: ${error.hint}` };
};
