/** One trial of one cell in fresh processes: start, connect, run the windows, join what the processes saw. */

import type { WindowOrder, WindowPlan } from "../../load/flows/window.ts";
import { LatencyHistogram } from "../../load/recording/latency.ts";
import type { GeneratorWindow } from "../../load/users/users.ts";
import { nowNs } from "../../protocol/clock.ts";
import { defaultLimits } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import type { CodecOptions } from "../../protocol/messages/message.ts";
import { seededRandom, shuffled } from "../../protocol/random.ts";
import type { FlowLedger, FlowName, Load, Trial, Window } from "../../results/contract/results.ts";
import { flowsOf } from "../../results/metrics/metrics.ts";
import type { GeneratorApi } from "../rigs/processes/generator.ts";
import { RemoteProcess } from "../rigs/processes/remote.ts";
import type { ServerApi, ServerWindow, ServiceOrder } from "../rigs/processes/server.ts";
import { ServerWatch } from "../rigs/server-watch.ts";
import type { Target } from "../targets/target.ts";
import { joinWindow, type SeenUse } from "./join-window.ts";
import type { CellPlan } from "./plan.ts";

/** A partial trial keeps what was measured before the reason struck. */
export type TrialOutcome = { trial: Trial; failure?: string };

const startWaitMs = 20_000;
/** Beyond its own plan, a process is given this long before it counts as dead: the machine may be very busy. */
const graceMs = 15_000;
/** From the order to the first message, so that every process has heard of the window before it begins. */
const leadNs = 10e6;
/** Warm-up is denser than what is measured, so a slow target is given longer to deliver it. */
const warmupDrainMs = 10_000;
/** For one connection of many, made one after the other. */
const connectMs = 50;

type Server = RemoteProcess<ServerApi>;
type Generator = RemoteProcess<GeneratorApi>;

export interface TrialOptions {
  /** From 1; decides, with the seed, the order of the windows and Poisson arrivals. */
  trial: number;
  /** The run's, the same for every trial and cell. */
  seed: number;
  signal: AbortSignal;
  /** In place of the scenario's service, for a server whose answers are known. */
  service?: ServiceOrder;
  /** Hears what the server process itself says of a window, as soon as it says it. */
  onServerWindow?: (name: string, window: ServerWindow) => void;
}

export async function runTrial(plan: CellPlan, options: TrialOptions): Promise<TrialOutcome> {
  const trial: Trial = { trial: options.trial, state: "partial", startedAt: new Date().toISOString(), windows: [] };
  const { scenario, identity } = plan;
  const { load, warmupMs, settleMs, durationMs, drainMs } = identity.parameters;
  if (scenario.loadKind === "none" || load === undefined) throw new TypeError(`nobody sends in ${scenario.name}`);
  const processes = new TrialProcesses(plan, options);
  try {
    trial.connect = await processes.start(plan, options.seed);
    if (processes.serverUnseen !== undefined) trial.serverUnseen = processes.serverUnseen;
    const windows = scenario.windows(load);
    if (warmupMs > 0) await processes.warmUp(scenario.warmup(load), warmupMs);
    for (const window of balancedOrder(windows, options)) {
      if (processes.failure !== undefined) break;
      const result = await processes.runWindow(window, windows.indexOf(window) + 1, { settleMs, durationMs, drainMs });
      if (result !== undefined) trial.windows.push(result);
    }
    const order = windows.map(({ name }) => name);
    trial.windows.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    if (processes.failure !== undefined) return { trial, failure: processes.failure };
    await processes.disconnect();
    trial.state = "complete";
    return { trial };
  } catch (error) {
    return { trial, failure: processes.failure ?? describeError(error) };
  } finally {
    await processes.stop();
  }
}

class TrialProcesses {
  /** The first thing that went wrong, as a sentence. */
  failure: string | undefined;
  readonly #target: Target;
  readonly #server: Server | undefined;
  readonly #generators: Generator[];
  readonly #drainMs: number;
  readonly #connections: number;
  readonly #startedNs = nowNs();
  readonly #options: TrialOptions;
  readonly #failed: Promise<void>;
  #fail: (reason: string) => void = () => {};
  #watch: ServerWatch | undefined;
  #stopping = false;

  constructor({ target, identity }: CellPlan, options: TrialOptions) {
    const { signal } = options;
    this.#options = options;
    this.#target = target;
    this.#failed = new Promise((resolve) => {
      this.#fail = (reason) => {
        if (!this.#stopping) this.failure ??= reason;
        resolve();
      };
    });
    const { workers, drainMs, connections } = identity.parameters;
    this.#drainMs = drainMs;
    this.#connections = connections;
    this.#server = target.url === undefined ? new RemoteProcess("server", "server") : undefined;
    this.#generators = Array.from({ length: workers }, (_, index) => {
      const name = workers === 1 ? "load generator" : `load generator ${index + 1} of ${workers}`;
      return new RemoteProcess<GeneratorApi>(name, "generator", (event, value) => {
        // A broken connection is mostly the echo of a server's death, which says more: give that a moment to be heard.
        if (event === "broken") setTimeout(() => this.#fail(String(value)), 100);
      });
    });
    for (const process of this.#all()) void process.exited.then((sentence) => this.#fail(sentence));
    if (signal.aborted) this.#fail("interrupted");
    signal.addEventListener("abort", () => this.#fail("interrupted"), { once: true });
  }

  /** Why nothing can be said of what the server costs; undefined where something can. */
  get serverUnseen(): string | undefined {
    return this.#watch?.unseen;
  }

  /** Starts the server and connects all users; returns the histogram of connect times. */
  async start({ target, scenario, identity: { protocol, parameters } }: CellPlan, seed: number): Promise<string> {
    const codec: CodecOptions = { kind: parameters.payloadKind, payloadBytes: parameters.payloadBytes, seed };
    const limits = defaultLimits;
    const url =
      target.url ??
      (
        await this.#unlessFailed(
          this.#server!.call(
            "listen",
            {
              protocol,
              codec,
              host: "127.0.0.1",
              port: 0,
              limits,
              ...(this.#options.service ?? { service: scenario.service }),
            },
            startWaitMs,
          ),
        )
      ).url;
    this.#watch = new ServerWatch(this.#target, this.#server);
    const pollIntervalMs = parameters.pollIntervalMs ?? 1;
    const replies = await this.#unlessFailed(
      Promise.all(
        this.#generators.map((generator, index) => {
          const { connections, firstUser } = share(parameters.connections, this.#generators.length, index);
          const order = { protocol, url, connections, firstUser, codec, pollIntervalMs, limits };
          return generator.call("connect", order, startWaitMs + limits.handshakeMs + connections * connectMs);
        }),
      ),
    );
    const times = new LatencyHistogram();
    for (const { connect } of replies) times.add(LatencyHistogram.decode(connect));
    return times.encode();
  }

  /** Traffic that is not recorded. It fails the trial if it is not all delivered: the rest would be load on a window. */
  async warmUp(plan: WindowPlan, durationMs: number): Promise<void> {
    const drainMs = Math.max(warmupDrainMs, this.#drainMs);
    const window = await this.runWindow(plan, 0, { settleMs: 0, durationMs, drainMs });
    if (window === undefined || this.failure !== undefined) return;
    const total = (name: keyof FlowLedger): number =>
      flowsOf(window).reduce((sum, { ledger }) => sum + ledger[name], 0);
    const corrupted = total("corruptedMessages");
    const late = total("censoredMessages");
    if (corrupted > 0) this.#fail(`${corrupted} messages of the warm-up came with other bytes than were sent`);
    else if (late > 0) this.#fail(`${late} messages of the warm-up were still on the way after ${drainMs / 1000} s`);
  }

  /** Sends, drains, collects. A failure ends it early, with what there is; `failure` then says why. */
  async runWindow(
    plan: WindowPlan,
    index: number,
    { settleMs, durationMs, drainMs }: { settleMs: number; durationMs: number; drainMs: number },
  ): Promise<Window | undefined> {
    const settleStartNs = nowNs() + leadNs;
    const startNs = settleStartNs + settleMs * 1e6;
    const endNs = startNs + durationMs * 1e6;
    const { seed, trial } = this.#options;
    const order: WindowOrder = {
      ...plan,
      index,
      settleStartNs,
      startNs,
      endNs,
      connections: this.#connections,
      seed: drawnSeed(seed, trial, index),
    };
    const patienceMs = (endNs - nowNs()) / 1e6 + graceMs;
    const meter = this.#watch?.meter(order);
    const sending = Promise.all([
      this.#server?.call("begin", order, patienceMs),
      ...this.#generators.map((generator, worker) =>
        generator.call("begin", workerOrder(order, this.#generators.length, worker), patienceMs),
      ),
    ]);
    await Promise.race([sending.catch((error) => this.#fail(describeError(error))), this.#failed]);
    const cutShort = this.failure !== undefined;
    if (cutShort) this.#halt();
    if (!cutShort) await meter?.ended;
    const seen = meter?.read();
    const rssBytes = this.#watch?.residentBytes();
    const use = seen && { cpuUs: seen.cpuUs, cpuSource: seen.source, ...(rssBytes !== undefined && { rssBytes }) };
    return await this.#collect(order, cutShort ? 0 : drainMs, durationMs, use);
  }

  /** Ends the connections as a client does, so that a server is not left with dead ones. */
  async disconnect(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#generators.map((generator) => generator.call("disconnect", undefined, graceMs)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#all().map((process) => process.stop()));
  }

  #halt(): void {
    const halted = [
      this.#server?.call("halt", undefined, graceMs),
      ...this.#generators.map((g) => g.call("halt", undefined, graceMs)),
    ];
    for (const answer of halted) answer?.catch(() => {});
  }

  async #collect(
    order: WindowOrder,
    drainMs: number,
    durationMs: number,
    seen: SeenUse | undefined,
  ): Promise<Window | undefined> {
    const patienceMs = drainMs + (this.failure === undefined ? graceMs : 2000);
    const ask = async <T>(answer: Promise<T> | undefined): Promise<T | undefined> => {
      try {
        return await answer;
      } catch (error) {
        this.#fail(describeError(error));
        return undefined;
      }
    };
    const [server, ...generators] = await Promise.all([
      ask(this.#server?.call("collect", { drainMs }, patienceMs)),
      ...this.#generators.map((generator) => ask(generator.call("collect", { drainMs }, patienceMs))),
    ]);
    if (server !== undefined) this.#options.onServerWindow?.(order.name, server as ServerWindow);
    const heard = (generators as (GeneratorWindow | undefined)[]).filter((window) => window !== undefined);
    if (heard.length === 0) return undefined;
    const startMs = (order.startNs - this.#startedNs) / 1e6;
    return { ...joinWindow(order, durationMs, server as ServerWindow | undefined, seen, heard), startMs };
  }

  async #unlessFailed<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    const first = await Promise.race([work, this.#failed]);
    if (this.failure !== undefined) throw new Error(this.failure);
    return first as T;
  }

  #all(): (Server | Generator)[] {
    return this.#server === undefined ? this.#generators : [this.#server, ...this.#generators];
  }
}

/** The users that fall to one worker, as even as it gets. */
function share(total: number, workers: number, worker: number): { connections: number; firstUser: number } {
  const firstUser = Math.floor((total * worker) / workers);
  return { firstUser, connections: Math.floor((total * (worker + 1)) / workers) - firstUser };
}

/** A random order of the run's, begun one further in each trial: over the trials every window has every place. */
function balancedOrder<T>(windows: readonly T[], { seed, trial }: TrialOptions): T[] {
  const order = shuffled(windows, seededRandom(seed));
  const first = trial % order.length;
  return [...order.slice(first), ...order.slice(0, first)];
}

/** A seed of its own for every window, and from that for every load generator; the server takes the window's. */
const drawnSeed = (...parts: readonly number[]): number => Math.floor(seededRandom(...parts)() * 2 ** 32);

/** Each worker offers its part of the rate, shifted so that together they follow one even schedule. */
function workerOrder(order: WindowOrder, workers: number, worker: number): WindowOrder {
  const flows: Partial<Record<FlowName, Load>> = {};
  let shiftNs = 0;
  for (const [name, load] of Object.entries(order.flows) as [FlowName, Load][]) {
    flows[name] = load.kind === "open" ? { ...load, ratePerSecond: load.ratePerSecond / workers } : load;
    if (load.kind === "open" && load.arrivals !== "poisson") shiftNs = (worker * 1e9) / load.ratePerSecond;
  }
  return {
    ...order,
    flows,
    settleStartNs: order.settleStartNs + shiftNs,
    seed: drawnSeed(order.seed, worker),
  };
}
