/** A running cluster with its users: what an experiment may break, and what it may ask. */
import type { ConnectOrder, Counts } from "../../../load/channel/channel-users-api.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { defaultLimits } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { needsUserInUrl } from "../../../protocol/policies.ts";
import { seededRandom } from "../../../protocol/random.ts";
import type { Event, Series } from "../../../results/contract/results.ts";
import type { Measures } from "../../../results/metrics/metrics.ts";
import type { RunningProxy } from "../../../servers/cluster/balancer/balancer.ts";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";
import { clusterClientOf } from "../../targets/balanced-protocols.ts";
import type { NodeDeath } from "../blame/evidence.ts";
import type { NodeCounts } from "../processes/node-api.ts";
import { Rig, type RigContext, type RigRecord } from "../rig.ts";
import { processesFor, quietMs, RemoteChannelUsers } from "./channel-users.ts";
import type { ClusterNode } from "./cluster-node.ts";
import type { ClusterPlan, Setup } from "./cluster-setup.ts";
import { whyGone } from "./foreign-watch.ts";
import { Inquest, type OccurredAt } from "./inquest.ts";
import { acceptedMissing, acceptedThenLost, type JudgedLedger } from "./judged-ledger.ts";
import { topicOfCluster } from "./left-as-found.ts";
import type { Relays } from "./relays.ts";
import { openServers, type Servers } from "./topology.ts";

/** Between two looks at something only asking can tell. */
const lookAgainMs = 25;
/** A process that waited so long for a core within a second may have held up what was on its way. */
const starvedMsMin = 100;
const collectAgainMax = 3;
/** Resolution of the series beside the events. */
const seriesStepMs = 100;

export class ClusterRig extends Rig {
  readonly setup: Setup;
  /** Their ledger holds the messages among them, all of which are owed to each. */
  readonly users: RemoteChannelUsers;
  readonly #recoveryMsMax: number;
  #servers!: Servers;
  #topic!: string;
  #order!: ConnectOrder;
  #atStart!: Counts;
  #trafficBegan = false;
  #inquest!: Inquest;
  #upNs = 0;
  readonly #happened: OccurredAt[] = [];
  readonly #deaths: NodeDeath[] = [];

  /** Resolves when every user that can has its welcome. Leaves nothing behind when it rejects. */
  static async open(plan: ClusterPlan, context: RigContext): Promise<ClusterRig> {
    const rig = new ClusterRig(plan, context);
    try {
      await rig.unlessFailed(rig.#open(plan, context));
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor({ setup, settings }: ClusterPlan, context: RigContext) {
    super(context);
    this.setup = setup;
    this.#recoveryMsMax = settings.recoveryMsMax;
    // The process starts beside the servers; what it does comes after them.
    this.users = this.#startUsers("channel users", processesFor(setup.users));
  }

  async #open({ target }: ClusterPlan, { seed, trial, programs }: RigContext): Promise<void> {
    const { setup } = this;
    this.#topic = topicOfCluster();
    const noted = setup.nodesMayDie && { nodeDied: (name: string, how: string) => this.#nodeDied(name, how) };
    this.#servers = await openServers({ setup, programs, topic: this.#topic, ...noted }, this.cleanUp, this.died);
    this.#order = {
      protocol: setup.protocol,
      client: clusterClientOf(setup.protocol),
      ...(setup.nodeSoftware === "socket.io" && { framing: "socket.io" }),
      url: this.#servers.urls[0]!,
      otherUrls: this.#servers.urls.slice(1),
      users: setup.users,
      ...(setup.rooms && { usersPerRoom: setup.rooms.usersPerRoom }),
      cookies: setup.cookies,
      resume: setup.resume,
      ...knownByOf(setup),
      backoff: setup.backoff,
      // Hashed, so that two trials, or two runs with neighbouring seeds, share no part of their chance.
      seed: Math.floor(seededRandom(seed, trial)() * 2 ** 32),
      limits: defaultLimits,
      payloadBytes: setup.payloadBytes,
      options: target.options,
      concurrent: setup.connectConcurrent,
    };
    this.#inquest = this.cleanUp.use(new Inquest(this.#servers, setup, this.users));
    const { counts } = await this.users.connect(this.#order);
    this.#atStart = setup.mayStayOut ? counts : await this.#everybody();
    this.#upNs = nowNs();
  }

  /** A user that is not in yet would be counted as one that misses everything: nothing is measured before all are. */
  async #everybody(): Promise<Counts> {
    const { users } = this.setup;
    const maxMs = this.#recoveryMsMax;
    await this.users.untilConnected(users, maxMs);
    const counts = await this.users.counts();
    if (counts.connected === users) return counts;
    throw new WirebenchError(
      "connect-failed",
      `${counts.connected} of ${users} users were connected ${maxMs / 1000} s after all had tried`,
    );
  }

  #startUsers(name: string, processes: number): RemoteChannelUsers {
    const users = this.cleanUp.use(new RemoteChannelUsers(name, this, processes));
    void users.exited.then(this.died);
    return users;
  }

  #nodeDied(node: string, how: string): void {
    this.#deaths.push({ node, how, atNs: nowNs() });
    this.mark("observation", node, how);
  }

  /** Nodes that ended by themselves, where the setup lets them; each may have done so several times. */
  get nodeDeaths(): number {
    return this.#deaths.length;
  }

  get nodes(): readonly ClusterNode[] {
    return this.#servers.nodes;
  }

  /** The first load balancer, and in most cells the only one. */
  get proxy(): RunningProxy {
    return this.proxies[0]!;
  }

  get proxies(): readonly RunningProxy[] {
    return this.#servers.proxies;
  }

  /** What the nodes share at their broker. */
  get topic(): string {
    return this.#topic;
  }

  /** Undefined for broker `none`. */
  get broker(): RunningProgram | undefined {
    return this.#servers.broker;
  }

  /** Throws where no node has one: the setup says whether there are any. */
  get relays(): Relays {
    if (this.#servers.relays === undefined) throw new WirebenchError("usage", "no node of this cluster has a relay");
    return this.#servers.relays;
  }

  /** The users when all that can were connected. */
  get atStart(): Counts {
    return this.#atStart;
  }

  override mark(kind: Event["kind"], subject: string, what: string, ns = nowNs()): void {
    super.mark(kind, subject, what, ns);
    this.#happened.push({ kind, subject, what, atNs: ns });
  }

  /** The ledger of everything since the users connected, or since they were reset, with the cause of all that is missing. */
  async collect(drainMs: number): Promise<JudgedLedger> {
    let ledger = await this.users.collect(drainMs);
    // On a machine that is busy with something else, what is late is not lost.
    for (let again = 0; again < collectAgainMax && ledger.missingDeliveries > 0 && this.#waitedLately(); again++) {
      ledger = await this.users.collect(drainMs);
    }
    const { counts, ordered, missing } = await this.#judge(ledger);
    for (const { subject, what } of ordered) this.mark("observation", subject, what);
    return {
      ...ledger,
      ...counts,
      acceptedThenLostMessages: acceptedThenLost(missing),
      acceptedMissingDeliveries: acceptedMissing(missing),
    };
  }

  /** At the end of a trial: whether its course was the system's own, and what the machine was worth. */
  async conclude(): Promise<Measures> {
    await this.#judge({ missingDeliveries: 0, corruptedDeliveries: 0 });
    const worst = this.#inquest.cores.worst(this.#upNs);
    return worst === undefined ? {} : { cpuWaitShareMax: worst.share, cpuWaitMaxMs: worst.perSecondMaxMs };
  }

  async #judge(ledger: Parameters<Inquest["judge"]>[0]): ReturnType<Inquest["judge"]> {
    const judgement = await this.unlessFailed(this.#inquest.judge(ledger, this.#happened, this.#deaths));
    for (const flag of judgement.flags) this.flag(flag);
    return judgement;
  }

  #waitedLately(): boolean {
    this.#inquest.cores.look("everything");
    const worst = this.#inquest.cores.worst(nowNs() - 2 * quietMs * 1e6);
    return worst !== undefined && worst.perSecondMaxMs > starvedMsMin;
  }

  /** When the next window of traffic begins, in `leadMs`; the first one is zero of the clock. */
  nextWindowNs(leadMs: number): number {
    if (this.#trafficBegan) return nowNs() + leadMs * 1e6;
    this.#trafficBegan = true;
    return this.startClock(leadMs);
  }

  /** What `look` gives first that is not undefined; undefined if there is no such thing within `maxMs`. */
  async until<Found>(look: () => Promise<Found | undefined>, maxMs = this.#recoveryMsMax): Promise<Found | undefined> {
    for (const endNs = nowNs() + maxMs * 1e6; nowNs() < endNs; await this.wait(lookAgainMs)) {
      const found = await this.unlessFailed(look());
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** When what `look` tells was first seen to hold; undefined if it did not within `maxMs`. */
  untilSeen(look: () => Promise<boolean>, maxMs?: number): Promise<number | undefined> {
    return this.until(async () => ((await look()) ? nowNs() : undefined), maxMs);
  }

  /** Until so many users have noticed that they were cut off since then, or the time for that is over. */
  async untilCut(users: number, sinceNs: number): Promise<void> {
    await this.untilSeen(async () => {
      const outages = await this.users.outages();
      const cut = outages.filter(({ disconnectedNs }) => disconnectedNs >= sinceNs).map(({ user }) => user);
      // One that was cut twice is one.
      return new Set(cut).size >= users;
    });
  }

  /** Until every user is connected, or the time for that is over. After a fault, first `untilCut`. */
  async untilEverybodyIsBack(): Promise<void> {
    await this.users.untilConnected(this.setup.users, this.#recoveryMsMax);
  }

  nodeCounts(): Promise<NodeCounts[]> {
    return this.unlessFailed(this.#askNodes());
  }

  /** One that dies meanwhile does not run, and is left out as one. */
  async #askNodes(): Promise<NodeCounts[]> {
    const answers = this.nodes.map(async (node) => {
      try {
        return node.pid === undefined ? undefined : await node.call("counts", undefined);
      } catch (error) {
        if (node.pid === undefined) return undefined;
        throw error;
      }
    });
    return (await Promise.all(answers)).filter((counts) => counts !== undefined);
  }

  /** When the condition was first seen to hold; undefined if it did not within `maxMs`. */
  untilNodes(condition: (counts: readonly NodeCounts[]) => boolean, maxMs: number): Promise<number | undefined> {
    return this.untilSeen(async () => condition(await this.nodeCounts()), maxMs);
  }

  /** When every node had its subscription again. Throws where that takes too long. */
  async untilBrokerLive(): Promise<number> {
    const maxMs = this.#recoveryMsMax;
    const liveNs = await this.untilNodes((counts) => counts.every(({ brokerLive }) => brokerLive), maxMs);
    if (liveNs !== undefined) return liveNs;
    const name = this.broker?.name ?? "the broker";
    throw new WirebenchError("component-failed", `${name} was not back at every node after ${maxMs / 1000} s`);
  }

  /** Puts a spare node that has been started into service; resolves when the load balancer sends users there. */
  async addToProxy({ name }: ClusterNode): Promise<void> {
    await this.unlessFailed(this.proxy.setState(name, "ready"));
    const upNs = await this.untilProxy(name, (status) => status === "UP");
    if (upNs === undefined)
      throw new WirebenchError("component-failed", `${this.setup.balancer} does not send users to ${name}`);
    this.mark("action", this.setup.balancer, `${name} set to ready`);
  }

  /** When the load balancer was first seen to think so of a node; undefined if it did not within `maxMs`. */
  untilProxy(
    name: string,
    thinks: (status: string | undefined) => boolean,
    maxMs?: number,
  ): Promise<number | undefined> {
    return this.untilSeen(async () => {
      const nodes = await this.proxy.status();
      return thinks(nodes.find((node) => node.name === name)?.status);
    }, maxMs);
  }

  /** More users in a process of their own, outside the ledger, so that they can be frozen. */
  async connectSecondUsers(users: number): Promise<RemoteChannelUsers> {
    const second = this.#startUsers("second users", 1);
    // Their numbers are those of others.
    await second.connect({ ...this.#order, users, named: false });
    return second;
  }

  /** A program that somebody else started tells nobody that it ended; what fails then is something else. */
  override async findReason(): Promise<void> {
    const { broker } = this;
    if (this.failure !== undefined || broker?.foreign !== true) return;
    const gone = await whyGone(broker);
    if (gone !== undefined) this.died(gone);
  }

  override async record(): Promise<RigRecord> {
    const record = await super.record();
    const order = { startNs: this.startNs, endNs: nowNs(), stepMs: seriesStepMs };
    const [series, { perNode }] = await Promise.all([this.users.series(order), this.users.counts()]);
    return {
      ...record,
      series: [
        ...record.series,
        overTime("connectedUsers", "Users connected", series.connectedUsers),
        overTime("deliveriesPerSecond", "Deliveries per second", series.deliveriesPerSecond),
        overTime("attemptsPerSecond", "Connection attempts per second", series.attemptsPerSecond),
        {
          name: "connectionsPerNode",
          title: "Connections per node",
          x: "node",
          xs: this.nodes.map((_, index) => index + 1),
          values: this.nodes.map(({ name }) => perNode[name] ?? 0),
        },
      ],
    };
  }
}

/** By what users let themselves be known. */
function knownByOf({
  policy,
  knownBy = needsUserInUrl(policy) ? "url" : undefined,
}: Setup): Pick<ConnectOrder, "knownBy"> {
  return knownBy === undefined ? {} : { knownBy };
}

/** One value for each step, at its end. */
const overTime = (name: string, title: string, values: number[]): Series => ({
  name,
  title,
  x: "timeMs",
  xs: values.map((_, step) => (step + 1) * seriesStepMs),
  values,
});
