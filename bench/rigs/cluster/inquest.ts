/** Asks everybody who was on the way of what is missing, and lets the causes be decided. */
import type { Ledger, Missing, Outage } from "../../../load/channel/channel-users-api.ts";
import type { Event } from "../../../results/contract/results.ts";
import type { CustodyAnswer, CustodyQuestion } from "../../../servers/cluster/node/custody.ts";
import { isEnsemble } from "../../../servers/programs/ensemble.ts";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";
import { CoreWatch, type Watched } from "../blame/core-watch.ts";
import type { Evidence, NodeDeath, OrderedFault } from "../blame/evidence.ts";
import { type Judgement, judge } from "../blame/judgement.ts";
import type { RemoteChannelUsers } from "./channel-users.ts";
import type { ClusterNode } from "./cluster-node.ts";
import type { Setup } from "./cluster-setup.ts";
import type { Servers } from "./topology.ts";

/** What is asked about one by one; more is counted as of unknown cause. */
const listedMax = 100_000;
/** What was repaired still shows for so long: users come back, links open, a health check passes twice. */
const aftermathNs = 10e9;

export class Inquest implements Disposable {
  readonly cores: CoreWatch;
  readonly #servers: Servers;
  readonly #setup: Setup;
  readonly #users: RemoteChannelUsers;

  constructor(servers: Servers, setup: Setup, users: RemoteChannelUsers) {
    this.#servers = servers;
    this.#setup = setup;
    this.#users = users;
    this.cores = new CoreWatch(() => this.#watched());
  }

  /** What the ledger counts as missing, and what broke whether or not it cost anything. `events`: of the trial so far. */
  async judge(
    { missingDeliveries, corruptedDeliveries }: JudgedCounts,
    events: readonly OccurredAt[],
    deaths: readonly NodeDeath[] = [],
  ): Promise<Judgement & { missing: Missing }> {
    const nothing: Missing = { deliveries: [], unlisted: 0 };
    const missing = missingDeliveries === 0 ? nothing : await this.#users.missing(listedMax);
    const outages = await this.#users.outages().catch(() => undefined);
    this.cores.look("everything");
    const evidence: Evidence = {
      custody: await this.#custody(missing, outages),
      broker: this.#broker,
      balancer: this.#setup.balancer,
      faults: this.#faults(events),
      deaths,
      transitions: this.#servers.proxies.flatMap(({ transitions }) => transitions).toSorted((a, b) => a.atNs - b.atNs),
      outages,
      corruptedDeliveries,
      coreTimes: (subject, fromNs, toNs) => this.cores.times(subject, fromNs, toNs),
    };
    return { ...judge(missing.deliveries, missing.unlisted, evidence), missing };
  }

  async #custody({ deliveries }: Missing, outages: readonly Outage[] = []): Promise<Evidence["custody"]> {
    const question: CustodyQuestion = {
      publishers: deliveries.map(({ publisher }) => publisher),
      sequences: deliveries.map(({ sequence }) => sequence),
      users: deliveries.map(({ user }) => user),
      leavingsOf: [...new Set(outages.map(({ user }) => user))],
    };
    return new Map(
      await Promise.all(this.#servers.nodes.map(async (node) => [node.name, await answerOf(node, question)] as const)),
    );
  }

  /** What was done on purpose lasts until somebody acts on the same subject again and that is seen to work, and beyond. */
  #faults(happened: readonly OccurredAt[]): OrderedFault[] {
    const events = happened
      .map(({ subject, ...event }) => ({ ...event, subject: this.#culpritNamed(subject) }))
      .sort((a, b) => a.atNs - b.atNs);
    const faults = events.flatMap(({ kind, subject, what, atNs }, index): OrderedFault[] => {
      if (kind === "observation") return [];
      const later = events.slice(index + 1).filter((event) => event.subject === subject);
      const repair = kind === "action" ? -1 : later.findIndex((event) => event.kind === "action");
      const actedNs = kind === "action" ? atNs : (later[repair]?.atNs ?? Number.POSITIVE_INFINITY);
      const seen = later[repair + 1];
      const lastsNs = seen?.kind === "observation" && Number.isFinite(actedNs) ? seen.atNs : actedNs;
      return [{ kind, subject, what, atNs, untilNs: lastsNs + aftermathNs }];
    });
    if (!this.#setup.sharedConsumerGroup) return faults;
    const always = { atNs: Number.NEGATIVE_INFINITY, untilNs: Number.POSITIVE_INFINITY };
    const mistake = { kind: "fault", subject: this.#broker, what: "given one consumer group for all nodes" } as const;
    return [{ ...mistake, ...always }, ...faults];
  }

  get #broker(): string {
    return this.#servers.broker?.name ?? "none";
  }

  /** Who an event is about, as the evidence calls it: several processes may be one broker, or the users. */
  #culpritNamed(subject: string): string {
    const { broker } = this.#servers;
    if (broker !== undefined && isEnsemble(broker) && broker.members.some(({ name }) => name === subject)) {
      return broker.name;
    }
    if (subject.startsWith("haproxy") || subject.startsWith("nginx")) return this.#setup.balancer;
    return /\busers?\b/.test(subject) ? "users" : subject;
  }

  #watched(): Map<string, Watched> {
    const { nodes, broker, proxies } = this.#servers;
    const one = (pid: number | undefined): readonly number[] => (pid === undefined ? [] : [pid]);
    const ofBroker = (program: RunningProgram): readonly number[] =>
      isEnsemble(program) ? program.members.flatMap(({ pid }) => one(pid)) : one(program.pid);
    return new Map<string, Watched>([
      ["users", { pids: this.#users.pids, threads: "main" }],
      [this.#setup.balancer, { pids: proxies.flatMap((proxy) => proxy.pids()), threads: "main" }],
      ...nodes.map(({ name, pid }): [string, Watched] => [name, { pids: one(pid), threads: "main" }]),
      ...(broker === undefined ? [] : [[broker.name, { pids: ofBroker(broker), threads: "all" }] as [string, Watched]]),
    ]);
  }

  [Symbol.dispose](): void {
    this.cores[Symbol.dispose]();
  }
}

type JudgedCounts = Pick<Ledger, "missingDeliveries" | "corruptedDeliveries">;

/** An event with the instant it happened at. */
export type OccurredAt = Pick<Event, "subject" | "what" | "kind"> & { readonly atNs: number };

async function answerOf(node: ClusterNode, question: CustodyQuestion): Promise<CustodyAnswer | { silent: string }> {
  if (node.pid === undefined) return { silent: "does not run" };
  if (node.isFrozen) return { silent: "is frozen" };
  try {
    return await node.call("custody", question);
  } catch {
    return { silent: "did not answer when it was asked what became of it" };
  }
}
