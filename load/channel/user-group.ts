/** The users of a channel who are one process: they connect, publish and receive, and write down what happens. */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Timeline } from "../../protocol/clock.ts";
import type { CookieJar, ProtocolClient } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { seededRandom } from "../../protocol/random.ts";
import { ChannelCodec, type ReceivedMessage } from "./channel-codec.ts";
import { type EventBatch, EventLog } from "./event-log.ts";
import { identityOf } from "./identity.ts";
import { roomOf } from "./rooms.ts";
import { ClosedLoop, openLoop, type Traffic } from "./traffic.ts";
import { User, type UserEvents, type Welcomed } from "./user.ts";
import type {
  Answered,
  GroupChainOrder,
  GroupOrder,
  GroupPublishOrder,
  GroupUse,
  UserGroupApi,
} from "./user-group-api.ts";

/** What the users are made of; tests put in their own. */
export interface UserGroupParts {
  readonly timeline: Timeline;
  readonly clientOf: (order: GroupOrder) => ProtocolClient | Promise<ProtocolClient>;
  readonly newCookieJar: () => CookieJar;
}

/** The event loop is looked at so often, to see whether it turns. */
const loopProbeMs = 10;

export class UserGroup implements Omit<UserGroupApi, "wireBytes">, UserEvents {
  readonly #parts: UserGroupParts;
  readonly #users = new Map<number, User>();
  readonly #log = new EventLog();
  /** Of every publisher; goes on for as long as the process lives. */
  readonly #sequences = new Map<number, number>();
  #order: GroupOrder | undefined;
  #client: ProtocolClient | undefined;
  #codec: ChannelCodec | undefined;
  #traffic: Traffic | undefined;
  #chain: ClosedLoop | undefined;

  constructor(parts: UserGroupParts) {
    this.#parts = parts;
  }

  async open(order: GroupOrder): Promise<void> {
    this.#order = order;
    this.#codec = new ChannelCodec(order);
    this.#client = await this.#parts.clientOf(order);
  }

  async add({ user: id }: { user: number }): Promise<{ tookNs?: number }> {
    const {
      url,
      otherUrls = [],
      knownBy,
      limits,
      options,
      resume,
      backoff,
      seed,
      cookies,
      named = true,
      usersPerRoom,
    } = this.#order!;
    const jar = cookies === "kept" ? { newCookieJar: this.#parts.newCookieJar } : {};
    const [client, codec, random] = [this.#client!, this.#codec!, seededRandom(seed, id)];
    const all = [url, ...otherUrls];
    const identities = all.map((_, turn) => identityOf(all[(id + turn) % all.length]!, id, knownBy));
    const { localAddress } = identities[0]!;
    const user = new User(
      {
        id,
        named,
        ...(usersPerRoom !== undefined && { room: `room-${roomOf(id, usersPerRoom)}` }),
        client,
        codec,
        urls: identities.map((each) => each.url),
        ...(localAddress !== undefined && { localAddress }),
        limits,
        options,
        resume,
        backoff,
        random,
        ...jar,
      },
      this,
    );
    this.#users.set(id, user);
    const how = await user.connect();
    return how === undefined ? {} : { tookNs: how.tookNs };
  }

  publish({ startNs, durationMs, ratePerSecond, publishers }: GroupPublishOrder): Promise<GroupUse> {
    const endNs = startNs + durationMs * 1e6;
    return this.#run(startNs, () =>
      openLoop(this.#parts.timeline, { startNs, endNs, ratePerSecond }, publishers, (publisher, dueNs) =>
        this.#publish(publisher, dueNs),
      ),
    );
  }

  chain({ startNs, durationMs, warmUpMs, inFlight, publishers }: GroupChainOrder): Promise<GroupUse> {
    const endNs = startNs + durationMs * 1e6;
    return this.#run(startNs + warmUpMs * 1e6, () => {
      const order = { startNs, endNs, inFlight };
      const own = publishers.filter((publisher) => this.#users.has(publisher));
      this.#chain = new ClosedLoop(this.#parts.timeline, order, own, (publisher) => this.#publish(publisher));
      return this.#chain;
    });
  }

  async halt(): Promise<void> {
    this.#traffic?.halt();
  }

  async events(): Promise<EventBatch> {
    return this.#log.take(this.#parts.timeline.nowNs());
  }

  async step({ user, timeoutMs }: { user: number; timeoutMs: number }): Promise<Answered> {
    return answered(await this.#users.get(user)!.step(timeoutMs));
  }

  async leave(): Promise<void> {
    await Promise.all([...this.#users.values()].map((user) => user.disconnect()));
  }

  async comeBack({ user: id, timeoutMs }: { user: number; timeoutMs: number }): Promise<Answered> {
    const user = this.#users.get(id)!;
    await user.disconnect();
    return answered(await user.connect(timeoutMs));
  }

  async close(): Promise<void> {
    await this.halt();
    await Promise.all([...this.#users.values()].map((user) => user.close()));
  }

  attempted(user: number): void {
    this.#log.happened("attempted", user, this.#parts.timeline.nowNs());
  }

  attemptFailed(user: number): void {
    this.#log.happened("attempt-failed", user, this.#parts.timeline.nowNs());
  }

  welcomed(user: number, { node, found, recovered }: Welcomed, atNs: number): void {
    const details = { node, ...(found !== undefined && { found }), ...(recovered !== undefined && { recovered }) };
    this.#log.welcomed(user, details, atNs);
    this.#chain?.reconnected(user);
  }

  ended(user: number, why: string | undefined, atNs: number): void {
    this.#log.ended(user, why, atNs);
  }

  delivered(user: number, message: ReceivedMessage, atNs: number): void {
    this.#log.delivered(user, message, atNs);
    if (user === message.publisher) this.#chain?.cameBack(user, message.sequence);
  }

  corrupted(user: number, atNs: number): void {
    this.#log.happened("corrupted", user, atNs);
  }

  answered(user: number, sequence: number, answer: "accepted" | "rejected", atNs: number): void {
    this.#log.answered(user, sequence, answer, atNs);
    if (answer === "rejected") this.#chain?.refused(user, sequence);
  }

  gap(user: number, atNs: number): void {
    this.#log.happened("gap", user, atNs);
  }

  async #run(countedNs: number, begin: () => Traffic): Promise<GroupUse> {
    if (this.#traffic !== undefined) throw new WirebenchError("usage", "the users are publishing already");
    const { timeline } = this.#parts;
    let [before, cpuBefore, startNs] = [performance.eventLoopUtilization(), process.threadCpuUsage(), timeline.nowNs()];
    this.#traffic = begin();
    const loopDelay = monitorEventLoopDelay({ resolution: loopProbeMs });
    timeline.at(countedNs, () => {
      loopDelay.enable();
      [before, cpuBefore, startNs] = [performance.eventLoopUtilization(), process.threadCpuUsage(), timeline.nowNs()];
    });
    try {
      await this.#traffic.done;
    } finally {
      this.#traffic = undefined;
      this.#chain = undefined;
      loopDelay.disable();
    }
    const { user, system } = process.threadCpuUsage(cpuBefore);
    return {
      eventLoopUtilization: performance.eventLoopUtilization(before).utilization,
      stallMaxMs: Math.max(0, loopDelay.max / 1e6 - loopProbeMs),
      cpuShare: Math.min(1, ((user + system) * 1000) / Math.max(1, timeline.nowNs() - startNs)),
    };
  }

  #publish(publisher: number, dueNs?: number): number | undefined {
    const user = this.#users.get(publisher);
    // Another group's turn.
    if (user === undefined) return undefined;
    const sequence = this.#sequences.get(publisher) ?? 0;
    const sentNs = this.#parts.timeline.nowNs();
    const scheduledNs = dueNs ?? sentNs;
    try {
      user.send(this.#codec!.encode(publisher, sequence, scheduledNs, sentNs));
    } catch {
      if (dueNs !== undefined) this.#log.happened("unsent", publisher, sentNs);
      return undefined;
    }
    this.#sequences.set(publisher, sequence + 1);
    this.#log.published(publisher, { publisher, sequence, scheduledNs, sentNs }, dueNs !== undefined, sentNs);
    return sequence;
  }
}

const answered = (answer: { node: string; sameNode: boolean; found: boolean | undefined } | undefined): Answered => {
  if (answer === undefined) return {};
  const { node, sameNode, found } = answer;
  return { answer: { node, sameNode, ...(found !== undefined && { found }) } };
};
