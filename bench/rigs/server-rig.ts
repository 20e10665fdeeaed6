/** One server and its virtual users, as an experiment sees them. */
import type { WindowOrder, WindowPlan } from "../../load/flows/window.ts";
import type { GeneratorWindow } from "../../load/users/users.ts";
import { nowNs } from "../../protocol/clock.ts";
import { defaultLimits, type Limits } from "../../protocol/contract.ts";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { audienceOf, type ExchangeName } from "../../protocol/exchanges.ts";
import type { CodecOptions } from "../../protocol/messages/message.ts";
import { seededRandom, shuffled } from "../../protocol/random.ts";
import type { Direction } from "../../results/contract/profile.ts";
import type { Flag, Parameters, Window } from "../../results/contract/results.ts";
import { flowsOf, type LedgerCount } from "../../results/recording/flows.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import type { Target } from "../targets/target.ts";
import { drawnSeed, GeneratorPool } from "./generator-pool.ts";
import { joinWindow, type SeenUse } from "./joined-window.ts";
import type { BehaviourOrder, ServerWindow } from "./processes/server.ts";
import { Rig, type RigContext, type RigRecord } from "./rig.ts";
import { openSystem, type RunningSystem } from "./system.ts";
import { UserAside } from "./user-aside.ts";
import type { UserLink } from "./user-link.ts";

/** What a rig must know of a cell. */
export interface ServerCell {
  readonly target: Target;
  readonly parameters: Parameters;
  /** What our own server does with a message; others only echo. */
  readonly behaviour: BehaviourOrder;
  /** What a connection is; absent: one user and what the server answers. */
  readonly exchange?: ExchangeName | undefined;
  /** Of our own server. Absent: the usual ones. */
  readonly serverLimits?: Limits;
  /** Payloads of messages each way, in turn. Absent: all are of one size. */
  readonly sizes?: Readonly<Record<Direction, readonly number[]>>;
}

export interface WindowTimes {
  readonly rampUpMs: number;
  readonly durationMs: number;
  readonly drainMs: number;
}

/** Beyond its own plan, a server is given this long before it counts as dead: the machine may be very busy. */
const graceMs = 15_000;
/** From the order to the first message, so that every process has heard of the window before it begins. */
const leadMsMin = 5;
const leadMsMax = 1000;
/** Warm-up is denser than what is measured, so a slow target is given longer to deliver it. */
const warmupDrainMs = 10_000;
/** Of the delay in a warm-up: as many slices in a row must agree about it, within so much, before it is over. */
const steadySlices = 3;
const steadyRatio = 1.2;
/** And so many messages: code is compiled by how often it ran. */
const warmMessages = 8000;
/** Where all that takes too long, a warm-up ends after four times what was asked for. */
const warmupSlicesMax = 4 * steadySlices;
/** Answers that take longer, in the middle, come from far away: a queue of the warm-up's own is shorter. */
const distantMs = 100;
/** Of what a histogram gives back: it keeps three significant digits. */
const histogramError = 0.001;
/** A pipe is full, and its answers come as steadily as its messages go, after one delay. */
const rampUpsPerDelay = 1.5;
const drainsPerDelay = 5;

export class ServerRig extends Rig {
  readonly users: GeneratorPool;
  /** Hears what our own server says of a window, as soon as it says it, and when the window was planned to be. */
  onServerWindow: (window: ServerWindow, order: WindowOrder) => void = () => {};
  readonly #cell: ServerCell;
  readonly #context: RigContext;
  #system: RunningSystem | undefined;
  #link: UserLink | undefined;
  #windows = 0;
  #connected: Promise<void> | undefined;
  /** What an answer took in the warm-up. */
  #delayMs = 0;
  readonly #warm = new Map<string, Promise<void>>();

  /** Starts server and load generators; nobody is connected yet. `start`: where the system is another than the target's. */
  static async open(cell: ServerCell, context: RigContext, start = openSystem): Promise<ServerRig> {
    const rig = new ServerRig(cell, context);
    try {
      await rig.unlessFailed(rig.#startSystem(start));
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(cell: ServerCell, context: RigContext) {
    super(context);
    this.#cell = cell;
    this.#context = context;
    this.users = new GeneratorPool(cell.parameters.workers ?? 1, this.died);
    this.cleanUp.defer(() => this.users.stop());
  }

  async #startSystem(start: typeof openSystem): Promise<void> {
    const { target, behaviour, serverLimits: limits } = this.#cell;
    const { programs } = this.#context;
    const order = { target, behaviour, codec: this.#codecThatSends("down"), programs, ...(limits && { limits }) };
    const system = await start(order, this.cleanUp, this.died);
    const { link } = this.#cell.parameters;
    if (link !== undefined && link.by === undefined) this.#link = await this.linkTo(system.url, link);
    this.#system = { ...system, url: this.#link?.url ?? system.url };
  }

  override async record(): Promise<RigRecord> {
    const record = await super.record();
    if (this.#system === undefined) return record;
    const { unseen } = this.#system.watch;
    const message = `the server's CPU time and memory are not reported: ${unseen}`;
    const flag: Flag = { code: "server-unseen", severity: "warning", cause: "wirebench", message };
    return {
      ...record,
      flags: unseen === undefined ? record.flags : [...record.flags, flag],
      observed: { processes: this.#system.watch.processes(), ...this.users.transport },
    };
  }

  /** What an answer took in the warm-up; 0 before. */
  get delayMs(): number {
    return this.#delayMs;
  }

  #codecThatSends(direction: Direction): CodecOptions {
    const { parameters, sizes } = this.#cell;
    const { payloadKind: kind = "text", payloadBytes } = parameters;
    const codec = { kind, payloadBytes, seed: this.#context.seed };
    return sizes === undefined
      ? codec
      : { ...codec, sizes: { sends: sizes[direction], accepts: sizes[direction === "up" ? "down" : "up"] } };
  }

  get system(): RunningSystem {
    return this.#system!;
  }

  protected override get certificate(): string | undefined {
    return this.#system?.certificate;
  }

  /** Connects the users of the cell, timed one after the other; once, however many cells share the rig. */
  connectAll(): Promise<void> {
    this.#connected ??= this.connect(this.#cell.parameters.connections).then((connect) => {
      if (!this.#isSpared(connect)) this.keepHistograms({ connect });
    });
    return this.#connected;
  }

  /** A relay accepts by itself: where nobody waits for more than that, no time that was seen is that of the link. */
  #isSpared(connect: string): boolean {
    const { rttMs = 0 } = this.#cell.parameters.link ?? {};
    return decodeHistogram(connect).getValueAtPercentile(0) / 1e6 < rttMs * (1 - histogramError);
  }

  /**
   * Adds users, so many handshakes at a time; resolves with the histogram of the times they took. They connect to `url`:
   * the system, or what stands before it.
   */
  connect(connections: number, atOnce = 1, url = this.system.url): Promise<string> {
    const order = { ...this.#speaking(this.#cell.exchange), url, connections, atOnce };
    return this.unlessFailed(this.users.connect(order));
  }

  #speaking(exchange: ExchangeName | undefined) {
    const { protocol, options } = this.#cell.target;
    const { client = "library" } = this.#cell.parameters;
    const audience = exchange && audienceOf[exchange];
    // Where one user has an audience, nobody may take its place for practice.
    const between = { ...(exchange && { exchange }), ...(audience && { ...audience, unrehearsed: true }) };
    const codec = this.#codecThatSends("up");
    return { protocol, client, options, certificate: this.certificate, codec, limits: defaultLimits, ...between };
  }

  /** One more user, in a process of its own, whom no window of this rig counts. */
  async userAside(name: string, exchange?: ExchangeName): Promise<UserAside> {
    const aside = new UserAside(name, this.died);
    this.own(aside);
    const order = { ...this.#speaking(exchange), url: this.system.url, firstUser: this.#cell.parameters.connections };
    await this.unlessFailed(aside.connect({ ...order, unrehearsed: true }));
    return aside;
  }

  /** A random order of the run's, begun one further in each trial: over the trials every window has every place. */
  inDrawnOrder<T>(windows: readonly T[]): T[] {
    const order = shuffled(windows, seededRandom(this.#context.seed));
    const first = this.#context.trial % order.length;
    return [...order.slice(first), ...order.slice(0, first)];
  }

  /**
   * Traffic that is not recorded, once for each set of flows, however many cells share the rig. Rejects if none of it comes
   * back.
   */
  warmUp(plan: WindowPlan, durationMs: number, drainMs: number): Promise<void> {
    const flows = Object.keys(plan.flows).join();
    const warm = this.#warm.get(flows) ?? this.#warmUp(plan, durationMs, drainMs);
    this.#warm.set(flows, warm);
    return warm;
  }

  /** A third of `durationMs` at a time, until three in a row agree about the delay. */
  async #warmUp(plan: WindowPlan, durationMs: number, drainMs: number): Promise<void> {
    const times = { rampUpMs: 0, durationMs: durationMs / steadySlices, drainMs: Math.max(warmupDrainMs, drainMs) };
    // Most of what other flows run through is warm by then.
    const slicesMax = this.#warm.size === 0 ? warmupSlicesMax : steadySlices - 1;
    const mediansMs: number[] = [];
    let messages = 0;
    for (;;) {
      const window = await this.window(plan, times, 0);
      if (this.failure !== undefined) return;
      const late = this.#unanswered(window, times.drainMs);
      const medianMs = slowestMedianMs(window);
      mediansMs.push(medianMs);
      messages += flowsOf(window).reduce((sum, { ledger }) => sum + ledger.receivedMessages, 0);
      // What is lost takes the whole patience each time; and where answers take so long, code that is cold costs nothing.
      const pointless = late > 0 || medianMs > times.durationMs;
      const warm = messages >= warmMessages && isSteady(mediansMs);
      if (pointless || warm || mediansMs.length === slicesMax) return this.#followDelay(window);
    }
  }

  /** How many messages had no answer. Throws where none had. */
  #unanswered(window: Window, patientMs: number): number {
    for (const { ledger } of flowsOf(window)) {
      if (ledger.receivedMessages > 0 || ledger.sentMessages === 0) continue;
      const bytes = ledger.corruptedMessages > 0 ? ": what came had other bytes than were sent" : "";
      const what = `no answer to any of the ${ledger.sentMessages} messages of the warm-up`;
      throw new Error(`${what} within ${patientMs / 1000} s${bytes}`);
    }
    const total = (name: LedgerCount): number => flowsOf(window).reduce((sum, { ledger }) => sum + ledger[name], 0);
    const censored = total("censoredMessages");
    if (censored > 0) {
      const message = `${censored} messages of the warm-up had not come after ${patientMs / 1000} s: if they were not lost, they were load on what was measured then`;
      this.flag({ code: "warm-up-incomplete", severity: "warning", cause: "target", message });
    }
    return total("sentMessages") - total("receivedMessages");
  }

  /** Windows follow it: distance is no overload, and a window that is over before the first answer sees nothing. */
  #followDelay(window: Window): void {
    this.#delayMs = Math.max(this.#delayMs, slowestMedianMs(window));
    const { rampUpMs = 0 } = this.#cell.parameters;
    if (this.#delayMs < distantMs || rampUpsPerDelay * this.#delayMs <= rampUpMs) return;
    const message = "answers took so long in the warm-up that windows ramp up and drain for longer than was asked for";
    this.flag({ code: "windows-follow-delay", severity: "warning", cause: "target", message });
  }

  /** As asked for, and long enough for how long answers take here; the patience of the warm-up bounds that. */
  #followingDelay({ flows }: WindowPlan, { rampUpMs, durationMs, drainMs }: WindowTimes): WindowTimes {
    const closed = Object.values(flows).some(({ kind }) => kind === "closed");
    return {
      rampUpMs: Math.max(rampUpMs, rampUpsPerDelay * this.#delayMs),
      durationMs: closed ? Math.max(durationMs, this.#delayMs) : durationMs,
      drainMs: Math.max(drainMs, drainsPerDelay * this.#delayMs),
    };
  }

  /**
   * Sends, drains, collects. A failure ends it early, with what there is: `failure` then says why, and the caller ends the
   * trial. Rejects where nobody saw anything.
   */
  async window(plan: WindowPlan, times: WindowTimes, index = ++this.#windows): Promise<Window> {
    const following = this.#followingDelay(plan, times);
    const { durationMs, drainMs } = following;
    const order = await this.#prepare(plan, following, index);
    const { server, watch } = this.system;
    const meter = watch.meter(order);
    this.#link?.watch(order);
    const patienceMs = (order.endNs - nowNs()) / 1e6 + graceMs;
    const sending = Promise.all([server?.call("send", undefined, patienceMs), this.users.run(order)]);
    await Promise.race([sending.catch((error) => this.fail(error)), this.untilFailed()]);
    const cutShort = this.failure !== undefined;
    if (cutShort) this.#halt();
    else await meter.ended;
    const use = await watch.read(meter);
    const seen: SeenUse | undefined = use && { ...use, rssBytes: watch.residentBytes() };
    const [own, generators] = await this.#collect(order, cutShort ? 0 : drainMs);
    if (generators.length === 0) throw new WirebenchError("process-failed", this.failure ?? "nobody saw the window");
    const joined = joinWindow(order, durationMs, own, seen, generators, this.#cell.exchange && "users");
    return { name: plan.name, startMs: this.atMs(order.startNs), durationMs, ...joined };
  }

  /**
   * Every process is ready before the first message leaves, or one that was kept from its core would miss the first ones and
   * they would count as lost. Where that takes too long, the window is called off for a later one.
   */
  async #prepare(plan: WindowPlan, { rampUpMs, durationMs }: WindowTimes, index: number): Promise<WindowOrder> {
    const { seed, trial } = this.#context;
    const { connections } = this.#cell.parameters;
    for (let leadMs = leadMsMin; ; leadMs *= 4) {
      const rampUpStartNs = nowNs() + leadMs * 1e6;
      const startNs = rampUpStartNs + rampUpMs * 1e6;
      const at = { rampUpStartNs, startNs, endNs: startNs + durationMs * 1e6, delayNs: this.#delayMs * 1e6 };
      const order: WindowOrder = { ...plan, ...at, index, connections, seed: drawnSeed(seed, trial, index) };
      const ready = Promise.all([this.system.server?.call("prepare", order, graceMs), this.users.prepare(order)]);
      await this.unlessFailed(ready);
      if (nowNs() < rampUpStartNs || leadMs > leadMsMax) return order;
    }
  }

  /** A server that goes on after this rig is told that its users leave; ours ends with it. */
  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.failure === undefined && this.#system !== undefined && this.#system.server === undefined) {
      await this.users.close().catch(() => {});
    }
    // Before the server: thousands of connections that break have thousands of errors to tell.
    await this.users.stop();
    await super[Symbol.asyncDispose]();
  }

  #halt(): void {
    this.users.halt();
    this.system.server?.call("halt", undefined, graceMs).catch(() => {});
  }

  async #collect(order: WindowOrder, drainMs: number): Promise<[ServerWindow | undefined, GeneratorWindow[]]> {
    const patienceMs = drainMs + (this.failure === undefined ? graceMs : 2000);
    const [own, generators] = await Promise.all([
      this.system.server?.call("collect", { drainMs }, patienceMs).catch((error): undefined => {
        this.fail(new WirebenchError("process-failed", describeError(error)));
      }),
      this.users.collect(drainMs),
    ]);
    if (own !== undefined) this.onServerWindow(own, order);
    return [own, generators];
  }
}

/** Of the flow with the longest delays, however few they are: a short warm-up of a distant server has few. 0 for none. */
const slowestMedianMs = (window: Window): number =>
  Math.max(
    0,
    ...flowsOf(window).map(({ histograms: { service } }) =>
      service === undefined ? 0 : decodeHistogram(service).getValueAtPercentile(50) / 1e6,
    ),
  );

function isSteady(mediansMs: readonly number[]): boolean {
  const last = mediansMs.slice(-steadySlices);
  return last.length === steadySlices && Math.max(...last) <= steadyRatio * Math.min(...last);
}
