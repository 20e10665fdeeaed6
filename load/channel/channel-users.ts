/**
 * All users of a cluster as one: groups of them, each a process, and the one ledger of what happened to all of them. Groups
 * write down what happens, and this end reads it when it is asked something, so that nothing is judged while messages flow.
 */
import { nowNs } from "../../protocol/clock.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { seededRandom, shuffled } from "../../protocol/random.ts";
import type { WireBytes } from "../metering/wire-bytes.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import type {
  ChainOrder,
  ChannelUsersApi,
  ChannelUsersSeries,
  ConnectOrder,
  Counts,
  Ledger,
  Missing,
  Outage,
  Owed,
  PublishOrder,
  SeriesOrder,
  StateFound,
  UserSpan,
} from "./channel-users-api.ts";
import { inOrder, type LoggedEvent, LogReader } from "./event-log.ts";
import { DeliveryLedger } from "./ledger.ts";
import { OutageLog } from "./outages.ts";
import { roomOf } from "./rooms.ts";
import { eachOf, StateTally } from "./state-tally.ts";
import { Timelines } from "./timelines.ts";
import type { GroupUse, UserGroupApi } from "./user-group-api.ts";

type Who = Pick<PublishOrder, "publishers" | "publishersOn">;

const unused: GroupUse = { eventLoopUtilization: 0, stallMaxMs: 0, cpuShare: 0 };

/** Between two looks at what happened, while something is waited for. */
const lookAgainMs = 25;

export class ChannelUsers implements ChannelUsersApi {
  readonly #groups: readonly UserGroupApi[];
  readonly #logs: readonly LogReader[];
  readonly #ledger = new DeliveryLedger();
  readonly #outages = new OutageLog();
  readonly #connectTimes = new LatencyHistogram();
  readonly #timelines = new Timelines(nowNs());
  /** By user; undefined without a connection. */
  readonly #nodes: (string | undefined)[] = [];
  #order: ConnectOrder | undefined;
  #random: () => number = seededRandom();
  #reading: Promise<void> = Promise.resolve();
  #connected = 0;
  #attempts = 0;
  #failedAttempts = 0;
  #lastArrivalNs = 0;
  #publishing = false;
  #halted = false;
  #use: GroupUse = unused;

  /** User 0 is in the first group, user 1 in the next, and so on in turn. */
  constructor(groups: readonly UserGroupApi[]) {
    this.#groups = groups;
    this.#logs = groups.map(() => new LogReader());
  }

  async connect(order: ConnectOrder): Promise<{ counts: Counts; connectHistogram: string }> {
    if (this.#order !== undefined) throw new WirebenchError("usage", "the users have connected already");
    this.#order = order;
    this.#random = seededRandom(order.seed);
    const { users, concurrent: _, ...own } = order;
    await Promise.all(this.#groups.map((group) => group.open(own)));
    await this.#add(users, "from-the-start");
    return { counts: await this.counts(), connectHistogram: this.#connectTimes.encode() };
  }

  async join({ users }: { users: number }): Promise<Counts> {
    await this.#add(users, "newcomer");
    return this.counts();
  }

  async #add(count: number, kind: "from-the-start" | "newcomer"): Promise<void> {
    if (this.#order === undefined) throw new WirebenchError("usage", "the users have not connected yet");
    const users = Array.from({ length: count }, () => {
      const user = this.#nodes.push(undefined) - 1;
      return this.#ledger.addUser(kind, roomOf(user, this.#order!.usersPerRoom));
    });
    await eachOf(users, this.#order.concurrent, async (user) => {
      const { tookNs } = await this.#groupOf(user).add({ user });
      if (tookNs !== undefined) this.#connectTimes.record(tookNs);
    });
  }

  async publish({ startNs, durationMs, ratePerSecond, ...who }: PublishOrder): Promise<void> {
    this.#ledger.demandCapacity(Math.ceil((ratePerSecond * durationMs) / 1000));
    await this.#run(who, startNs, startNs + durationMs * 1e6, (group, publishers) =>
      group.publish({ startNs, durationMs, ratePerSecond, publishers }),
    );
  }

  async chain({ publishers: count, ...order }: ChainOrder): Promise<void> {
    const { startNs, durationMs, warmUpMs } = order;
    const who = count === undefined ? {} : { publishers: count };
    await this.#run(who, startNs + warmUpMs * 1e6, startNs + durationMs * 1e6, (group, publishers) =>
      group.chain({ ...order, publishers }),
    );
  }

  async halt(): Promise<void> {
    this.#halted = true;
    await Promise.all(this.#groups.map((group) => group.halt()));
  }

  async drain({ quietMs, maxMs }: { quietMs: number; maxMs: number }): Promise<void> {
    const beganNs = nowNs();
    const latestNs = beganNs + maxMs * 1e6;
    // So many looks, too: a process that stands still for the time has not read what waits for it.
    const looksMin = quietMs / lookAgainMs;
    let [looks, lastNs] = [0, this.#lastArrivalNs];
    await this.#until(() => {
      const now = nowNs();
      looks = this.#lastArrivalNs === lastNs ? looks + 1 : 0;
      lastNs = this.#lastArrivalNs;
      const isQuiet = looks > looksMin && now - Math.max(beganNs, lastNs) >= quietMs * 1e6;
      return this.#ledger.complete || isQuiet || now >= latestNs;
    });
  }

  async untilConnected({ users, maxMs }: { users: number; maxMs: number }): Promise<boolean> {
    const latestNs = nowNs() + maxMs * 1e6;
    await this.#until(() => this.#connected >= users || nowNs() >= latestNs);
    return this.#connected >= users;
  }

  async ledger(): Promise<Ledger> {
    await this.#read();
    const { eventLoopUtilization: usersEventLoopUtilization, stallMaxMs: usersStallMaxMs, cpuShare } = this.#use;
    return { ...this.#ledger.read(), usersEventLoopUtilization, usersStallMaxMs, usersCpuShare: cpuShare };
  }

  async missing({ max }: { max: number }): Promise<Missing> {
    await this.#read();
    return this.#ledger.missing(max);
  }

  async owedWithin(spans: readonly UserSpan[]): Promise<Owed> {
    await this.#read();
    return this.#ledger.owedWithin(spans);
  }

  async reset(): Promise<void> {
    if (this.#publishing) throw new WirebenchError("usage", "the users are publishing: halt them first");
    await this.#read();
    this.#ledger.reset();
    this.#outages.reset();
    this.#attempts = 0;
    this.#failedAttempts = 0;
    this.#use = unused;
  }

  async step({ times, concurrent, timeoutMs }: Parameters<ChannelUsersApi["step"]>[0]): Promise<StateFound> {
    const tally = new StateTally();
    await eachOf(this.#everybody, concurrent, async (user) => {
      for (let time = 0; time < times; time++) tally.add((await this.#groupOf(user).step({ user, timeoutMs })).answer);
    });
    return tally.read();
  }

  async rejoin({
    together = false,
    concurrent,
    timeoutMs,
  }: Parameters<ChannelUsersApi["rejoin"]>[0]): Promise<StateFound> {
    const tally = new StateTally();
    if (together) await Promise.all(this.#groups.map((group) => group.leave()));
    // In the order they came, a load balancer that takes turns would bring everybody back to the same node.
    await eachOf(shuffled(this.#everybody, this.#random), concurrent, async (user) => {
      tally.add((await this.#groupOf(user).comeBack({ user, timeoutMs })).answer);
    });
    return tally.read();
  }

  async outages(): Promise<readonly Outage[]> {
    await this.#read();
    return this.#outages.read();
  }

  async counts(): Promise<Counts> {
    await this.#read();
    const perNode: Record<string, number> = {};
    for (const node of this.#nodes) if (node !== undefined) perNode[node] = (perNode[node] ?? 0) + 1;
    return {
      connected: this.#connected,
      perNode,
      published: this.#ledger.publishedMessages,
      deliveries: this.#ledger.deliveries,
      attempts: this.#attempts,
      failedAttempts: this.#failedAttempts,
    };
  }

  async series(order: SeriesOrder): Promise<ChannelUsersSeries> {
    await this.#read();
    return this.#timelines.read(order);
  }

  async wireBytes(): Promise<WireBytes> {
    const counts = await Promise.all(this.#groups.map((group) => group.wireBytes()));
    const sum = (pick: (bytes: WireBytes) => number): number => counts.reduce((total, bytes) => total + pick(bytes), 0);
    return { sent: sum(({ sent }) => sent), received: sum(({ received }) => received) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.close()));
  }

  get #everybody(): number[] {
    return [...this.#nodes.keys()];
  }

  #groupOf(user: number): UserGroupApi {
    return this.#groups[user % this.#groups.length]!;
  }

  async #publishers({ publishers, publishersOn }: Who): Promise<number[]> {
    if (publishersOn !== undefined) await this.#read();
    const isChosen = (node: string | undefined): boolean =>
      publishersOn === undefined || (node !== undefined && publishersOn.includes(node));
    const chosen = this.#everybody.slice(0, publishers).filter((user) => isChosen(this.#nodes[user]));
    if (chosen.length === 0) throw new WirebenchError("usage", "none of the users may publish");
    return chosen;
  }

  async #run(
    who: Who,
    countedNs: number,
    endNs: number,
    begin: (group: UserGroupApi, publishers: readonly number[]) => Promise<GroupUse>,
  ): Promise<void> {
    if (this.#publishing) throw new WirebenchError("usage", "the users are publishing already");
    this.#publishing = true;
    this.#halted = false;
    let runs: Promise<GroupUse>[] = [];
    try {
      const publishers = await this.#publishers(who);
      if (this.#halted) return;
      this.#ledger.beginWindow(countedNs, endNs);
      runs = this.#groups.map((group) => begin(group, publishers));
      for (const { eventLoopUtilization, stallMaxMs, cpuShare } of await Promise.all(runs)) {
        this.#use = {
          eventLoopUtilization: Math.max(this.#use.eventLoopUtilization, eventLoopUtilization),
          stallMaxMs: Math.max(this.#use.stallMaxMs, stallMaxMs),
          cpuShare: Math.max(this.#use.cpuShare, cpuShare),
        };
      }
    } catch (error) {
      // One cannot go on: the others would go on without it.
      await this.halt().catch(() => {});
      await Promise.allSettled(runs);
      throw error;
    } finally {
      this.#publishing = false;
      this.#ledger.endWindow(nowNs());
    }
  }

  /** Looks at what happened until `condition` holds. */
  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      await this.#read();
      if (condition()) return;
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }

  /** Takes in everything that had happened when it was called. One at a time, or logs would be read in the wrong order. */
  #read(): Promise<void> {
    const read = async (): Promise<void> => {
      const batches = await Promise.all(this.#groups.map((group) => group.events()));
      for (const [index, batch] of batches.entries()) this.#logs[index]!.add(batch);
      for (const event of inOrder(this.#logs)) this.#take(event);
    };
    const reading = this.#reading.then(read);
    this.#reading = reading.catch(() => {});
    return reading;
  }

  #take({ kind, user, atNs, message, details }: LoggedEvent): void {
    switch (kind) {
      case "published-on-schedule":
        this.#ledger.published(user, message.sentNs, message.scheduledNs);
        break;
      case "published-at-once":
        this.#ledger.published(user, message.sentNs);
        break;
      case "unsent":
        this.#ledger.unsent();
        break;
      case "delivered":
        this.#delivered({ user, message, atNs });
        this.#lastArrivalNs = atNs;
        break;
      case "corrupted":
        this.#ledger.corrupted();
        this.#lastArrivalNs = atNs;
        break;
      case "accepted":
      case "rejected":
        this.#ledger.answered(user, message.sequence, kind);
        this.#lastArrivalNs = atNs;
        break;
      case "gap":
        this.#ledger.gap(user);
        break;
      case "attempted":
        this.#attempts++;
        this.#outages.attempted(user);
        this.#timelines.attempted(atNs);
        break;
      case "attempt-failed":
        this.#failedAttempts++;
        break;
      case "welcomed":
        this.#nodes[user] = details.node!;
        this.#connected++;
        this.#timelines.connected(atNs);
        this.#ledger.welcomed(user, details.node!, atNs, details.recovered);
        this.#outages.reconnected(user, atNs, details.found);
        break;
      case "ended":
        this.#connected--;
        this.#timelines.disconnected(atNs);
        this.#ledger.ended(user, atNs);
        if (details.why === undefined) this.#outages.left(user);
        else this.#outages.disconnected(user, atNs, this.#nodes[user]!, details.why);
        this.#nodes[user] = undefined;
        this.#lastArrivalNs = atNs;
    }
  }

  #delivered({ user, message, atNs }: Pick<LoggedEvent, "user" | "message" | "atNs">): void {
    const arrival = this.#ledger.delivered(user, message.publisher, message.sequence, atNs, message);
    if (arrival !== "new" && arrival !== "replayed") return;
    this.#timelines.delivered(atNs);
    if (arrival === "new") this.#outages.delivered(user, atNs);
  }
}
