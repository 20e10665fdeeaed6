/** All users of a cluster in one process, with one ledger on one clock. */

import { performance } from "node:perf_hooks";
import type { Timeline } from "../../protocol/clock.ts";
import type { CookieJar, ProtocolClient } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { seededRandom, shuffled } from "../../protocol/random.ts";
import type { ChannelMessage } from "../../protocol/wires/channel.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { ChannelCodec } from "./channel-codec.ts";
import type {
  ChainOrder,
  ChannelUsersApi,
  ChannelUsersSeries,
  ConnectOrder,
  Counts,
  Ledger,
  Missing,
  Outage,
  PublishOrder,
  SeriesOrder,
  StateFound,
} from "./channel-users-api.ts";
import { Drain } from "./drain.ts";
import { identityOf } from "./identity.ts";
import { DeliveryLedger } from "./ledger.ts";
import { OutageLog } from "./outages.ts";
import { eachOf, StateTally } from "./state-tally.ts";
import { Timelines } from "./timelines.ts";
import { ClosedLoop, openLoop, type Traffic } from "./traffic.ts";
import { User, type UserEvents, type Welcomed } from "./user.ts";

/** What the users are made of; tests put in their own. */
export interface ChannelUsersParts {
  readonly timeline: Timeline;
  readonly clientNamed: (protocol: string) => ProtocolClient;
  readonly newCookieJar: () => CookieJar;
}

export class ChannelUsers implements Omit<ChannelUsersApi, "wireBytes">, UserEvents {
  readonly #parts: ChannelUsersParts;
  readonly #users: User[] = [];
  readonly #ledger = new DeliveryLedger();
  readonly #outages = new OutageLog();
  readonly #connectTimes = new LatencyHistogram();
  readonly #waiting = new Set<{ users: number; resolve: (enough: boolean) => void }>();
  readonly #timelines: Timelines;
  #order: ConnectOrder | undefined;
  #codec: ChannelCodec | undefined;
  #random: () => number = seededRandom();
  #connected = 0;
  #attempts = 0;
  #failedAttempts = 0;
  #traffic: Traffic | undefined;
  #chain: ClosedLoop | undefined;
  #drain: Drain | undefined;
  #utilization = 0;

  constructor(parts: ChannelUsersParts) {
    this.#parts = parts;
    this.#timelines = new Timelines(parts.timeline.nowNs());
  }

  async connect(order: ConnectOrder): Promise<{ counts: Counts; connectHistogram: string }> {
    if (this.#order !== undefined) throw new WirebenchError("usage", "the users have connected already");
    this.#order = order;
    this.#codec = new ChannelCodec(order);
    this.#random = seededRandom(order.seed);
    await this.#welcome(order.users, "from-the-start");
    return { counts: await this.counts(), connectHistogram: this.#connectTimes.encode() };
  }

  async join({ users }: { users: number }): Promise<Counts> {
    await this.#welcome(users, "newcomer");
    return this.counts();
  }

  async #welcome(count: number, kind: "from-the-start" | "newcomer"): Promise<void> {
    if (this.#order === undefined) throw new WirebenchError("usage", "the users have not connected yet");
    const {
      protocol,
      url,
      knownBy,
      limits,
      options,
      resume,
      backoff,
      seed,
      cookies,
      concurrent,
      named = true,
    } = this.#order;
    const client = this.#parts.clientNamed(protocol);
    const users = Array.from({ length: count }, () => {
      const id = this.#ledger.addUser(kind);
      const random = seededRandom(seed, id);
      const jar = cookies === "kept" ? { newCookieJar: this.#parts.newCookieJar } : {};
      const user = new User(
        { id, named, client, ...identityOf(url, id, knownBy), limits, options, resume, backoff, random, ...jar },
        this,
      );
      this.#users.push(user);
      return user;
    });
    await eachOf(users, concurrent, async (user) => {
      const how = await user.connect();
      if (how !== undefined) this.#connectTimes.record(how.tookNs);
    });
  }

  async publish({ startNs, durationMs, ratePerSecond, ...who }: PublishOrder): Promise<void> {
    const endNs = startNs + durationMs * 1e6;
    this.#ledger.demandCapacity(Math.ceil((ratePerSecond * durationMs) / 1000));
    await this.#run(startNs, endNs, () =>
      openLoop(this.#parts.timeline, { startNs, endNs, ratePerSecond }, this.#publishers(who), (publisher, dueNs) =>
        this.#publish(publisher, dueNs),
      ),
    );
  }

  async chain({ startNs, durationMs, warmUpMs, inFlight, ...who }: ChainOrder): Promise<void> {
    const endNs = startNs + durationMs * 1e6;
    await this.#run(startNs + warmUpMs * 1e6, endNs, () => {
      const order = { startNs, endNs, inFlight };
      this.#chain = new ClosedLoop(this.#parts.timeline, order, this.#publishers(who), (publisher) =>
        this.#publish(publisher),
      );
      return this.#chain;
    });
  }

  async halt(): Promise<void> {
    this.#traffic?.halt();
  }

  async drain(order: { quietMs: number; maxMs: number }): Promise<void> {
    const drain = new Drain(order, () => this.#ledger.complete);
    this.#drain = drain;
    await drain.done;
    if (this.#drain === drain) this.#drain = undefined;
  }

  async untilConnected({ users, maxMs }: { users: number; maxMs: number }): Promise<boolean> {
    if (this.#connected >= users) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter = { users, resolve };
    const late = setTimeout(resolve, maxMs, false);
    this.#waiting.add(waiter);
    const enough = await promise;
    clearTimeout(late);
    this.#waiting.delete(waiter);
    return enough;
  }

  async ledger(): Promise<Ledger> {
    return { ...this.#ledger.read(), usersEventLoopUtilization: this.#utilization };
  }

  async missing({ max }: { max: number }): Promise<Missing> {
    return this.#ledger.missing(max);
  }

  async reset(): Promise<void> {
    if (this.#traffic !== undefined) throw new WirebenchError("usage", "the users are publishing: halt them first");
    this.#ledger.reset();
    this.#outages.reset();
    this.#attempts = 0;
    this.#failedAttempts = 0;
    this.#utilization = 0;
  }

  async step({ times, concurrent, timeoutMs }: Parameters<ChannelUsersApi["step"]>[0]): Promise<StateFound> {
    const tally = new StateTally();
    await eachOf(this.#users, concurrent, async (user) => {
      for (let time = 0; time < times; time++) tally.add(await user.step(timeoutMs));
    });
    return tally.read();
  }

  async rejoin({
    together = false,
    concurrent,
    timeoutMs,
  }: Parameters<ChannelUsersApi["rejoin"]>[0]): Promise<StateFound> {
    const tally = new StateTally();
    if (together) await Promise.all(this.#users.map((user) => user.disconnect()));
    // In the order they came, a load balancer that takes turns would bring everybody back to the same node.
    await eachOf(shuffled(this.#users, this.#random), concurrent, async (user) => {
      await user.disconnect();
      tally.add(await user.connect(timeoutMs));
    });
    return tally.read();
  }

  async outages(): Promise<readonly Outage[]> {
    return this.#outages.read();
  }

  async counts(): Promise<Counts> {
    const perNode: Record<string, number> = {};
    for (const { node } of this.#users) if (node !== undefined) perNode[node] = (perNode[node] ?? 0) + 1;
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
    return this.#timelines.read(order);
  }

  async close(): Promise<void> {
    await this.halt();
    await Promise.all(this.#users.map((user) => user.close()));
  }

  attempted(user: number): void {
    this.#attempts++;
    this.#outages.attempted(user);
    this.#timelines.attempted(this.#parts.timeline.nowNs());
  }

  attemptFailed(): void {
    this.#failedAttempts++;
  }

  welcomed(user: number, { node, found, recovered }: Welcomed, atNs: number): void {
    this.#connected++;
    this.#timelines.connected(atNs);
    this.#ledger.welcomed(user, node, atNs, recovered);
    this.#outages.reconnected(user, atNs, found);
    this.#chain?.reconnected(user);
    for (const { users, resolve } of this.#waiting) if (this.#connected >= users) resolve(true);
  }

  ended(user: number, why: string | undefined, atNs: number): void {
    this.#connected--;
    this.#timelines.disconnected(atNs);
    this.#ledger.ended(user, atNs);
    if (why === undefined) this.#outages.left(user);
    else this.#outages.disconnected(user, atNs, why);
    this.#drain?.arrived(atNs);
  }

  delivered(user: number, envelope: ChannelMessage, atNs: number): void {
    const { publisher, sequence } = envelope;
    const message = this.#codec!.decode(envelope);
    if (message === undefined) {
      this.corrupted(user, atNs);
      return;
    }
    const arrival = this.#ledger.delivered(user, publisher, sequence, atNs, message);
    if (arrival === "new" || arrival === "replayed") {
      this.#timelines.delivered(atNs);
      if (arrival === "new") this.#outages.delivered(user, atNs);
      if (user === publisher) this.#chain?.cameBack(publisher, sequence);
    }
    this.#drain?.arrived(atNs);
  }

  corrupted(_user: number, atNs: number): void {
    this.#ledger.corrupted();
    this.#drain?.arrived(atNs);
  }

  answered(user: number, sequence: number, answer: "accepted" | "rejected"): void {
    this.#ledger.answered(user, sequence, answer);
    if (answer === "rejected") this.#chain?.refused(user, sequence);
    this.#drain?.arrived(this.#parts.timeline.nowNs());
  }

  gap(user: number): void {
    this.#ledger.gap(user);
  }

  #publishers({ publishers, publishersOn }: Pick<PublishOrder, "publishers" | "publishersOn">): number[] {
    const chosen = this.#users
      .slice(0, publishers)
      .filter(({ node }) => publishersOn === undefined || (node !== undefined && publishersOn.includes(node)));
    if (chosen.length === 0) throw new WirebenchError("usage", "none of the users may publish");
    return chosen.map(({ id }) => id);
  }

  async #run(countedNs: number, endNs: number, begin: () => Traffic): Promise<void> {
    if (this.#traffic !== undefined) throw new WirebenchError("usage", "the users are publishing already");
    const { timeline } = this.#parts;
    let before = performance.eventLoopUtilization();
    this.#traffic = begin();
    timeline.at(countedNs, () => {
      before = performance.eventLoopUtilization();
    });
    this.#ledger.beginWindow(countedNs, endNs);
    try {
      await this.#traffic.done;
    } finally {
      this.#traffic = undefined;
      this.#chain = undefined;
      this.#ledger.endWindow(timeline.nowNs());
      this.#utilization = Math.max(this.#utilization, performance.eventLoopUtilization(before).utilization);
    }
  }

  #publish(publisher: number, dueNs?: number): number | undefined {
    this.#ledger.demandCapacity(1);
    const sequence = this.#ledger.nextSequence(publisher);
    const sentNs = this.#parts.timeline.nowNs();
    try {
      this.#users[publisher]!.send(this.#codec!.encode(publisher, sequence, dueNs ?? sentNs, sentNs));
    } catch {
      if (dueNs !== undefined) this.#ledger.unsent();
      return undefined;
    }
    this.#ledger.published(publisher, sentNs, dueNs);
    return sequence;
  }
}
