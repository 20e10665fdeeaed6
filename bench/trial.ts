/** One trial of one cell in fresh processes: start, connect, run the windows, join what the processes saw. */
import type { Flow, FlowName, Load, Trial, Window } from "../reports/results.ts";
import type { FlowRecords } from "../servers/behaviours/service.ts";
import { nowNs } from "./clock.ts";
import { describeError } from "./errors.ts";
import { type FlowRecord, mergeFlows } from "./flows/flow.ts";
import { LatencyHistogram } from "./flows/latency.ts";
import type { WindowOrder, WindowPlan } from "./flows/window.ts";
import type { CellPlan } from "./plan.ts";
import type { GeneratorApi } from "./processes/generator.ts";
import { RemoteProcess } from "./processes/remote.ts";
import type { CodecOptions, ServerApi, ServerWindow } from "./processes/server.ts";
import type { GeneratorWindow } from "./processes/users.ts";
import { defaultLimits } from "./protocol.ts";
import { seededRandom, shuffled } from "./random.ts";

/** A partial trial keeps what was measured before the reason struck. */
export type TrialOutcome = { trial: Trial; failure?: string };

const startWaitMs = 20_000;
/** Beyond its own plan, a process is given this long before it counts as dead: the machine may be very busy. */
const graceMs = 15_000;
/** From the order to the first message, so that every process has heard of the window before it begins. */
const leadNs = 10e6;

type Server = RemoteProcess<ServerApi>;
type Generator = RemoteProcess<GeneratorApi>;

export async function runTrial(
  plan: CellPlan,
  options: { trial: number; seed: number; signal: AbortSignal },
): Promise<TrialOutcome> {
  const trial: Trial = { trial: options.trial, state: "partial", startedAt: new Date().toISOString(), windows: [] };
  const processes = new TrialProcesses(plan, options.signal);
  try {
    const connect = await processes.start(plan, options.seed);
    trial.connect = connect;
    const { seed } = options;
    const { load, warmupMs, settleMs, durationMs } = plan.identity.parameters;
    const windows = plan.scenario.windows(load);
    if (warmupMs > 0)
      await processes.runWindow(plan.scenario.warmup(load), 0, { settleMs: 0, durationMs: warmupMs, seed });
    for (const window of shuffled(windows, seededRandom(seed))) {
      if (processes.failure !== undefined) break;
      const result = await processes.runWindow(window, windows.indexOf(window) + 1, { settleMs, durationMs, seed });
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
  readonly #server: Server | undefined;
  readonly #generators: Generator[];
  readonly #drainMs: number;
  readonly #startedNs = nowNs();
  readonly #failed: Promise<void>;
  #fail: (reason: string) => void = () => {};
  #stopping = false;

  constructor({ target, identity }: CellPlan, signal: AbortSignal) {
    this.#failed = new Promise((resolve) => {
      this.#fail = (reason) => {
        if (!this.#stopping) this.failure ??= reason;
        resolve();
      };
    });
    const { workers, drainMs } = identity.parameters;
    this.#drainMs = drainMs;
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
            { protocol, service: scenario.service, codec, host: "127.0.0.1", port: 0, limits },
            startWaitMs,
          ),
        )
      ).url;
    const pollIntervalMs = parameters.pollIntervalMs ?? 1;
    const replies = await this.#unlessFailed(
      Promise.all(
        this.#generators.map((generator, index) => {
          const { connections, firstUser } = share(parameters.connections, this.#generators.length, index);
          const order = { protocol, url, connections, firstUser, codec, pollIntervalMs, limits };
          return generator.call("connect", order, startWaitMs + limits.handshakeMs);
        }),
      ),
    );
    const times = new LatencyHistogram();
    for (const { connect } of replies) times.add(LatencyHistogram.decode(connect));
    return times.encode();
  }

  /** Sends, drains, collects. A failure ends it early, with what there is; `failure` then says why. */
  async runWindow(
    plan: WindowPlan,
    index: number,
    { settleMs, durationMs, seed }: { settleMs: number; durationMs: number; seed: number },
  ): Promise<Window | undefined> {
    const settleStartNs = nowNs() + leadNs;
    const startNs = settleStartNs + settleMs * 1e6;
    const endNs = startNs + durationMs * 1e6;
    const order: WindowOrder = { ...plan, index, settleStartNs, startNs, endNs, seed: senderSeed(seed, index, 0) };
    const patienceMs = (endNs - nowNs()) / 1e6 + graceMs;
    const sending = Promise.all([
      this.#server?.call("begin", order, patienceMs),
      ...this.#generators.map((generator, worker) =>
        generator.call("begin", workerOrder(order, this.#generators.length, worker), patienceMs),
      ),
    ]);
    await Promise.race([sending.catch((error) => this.#fail(describeError(error))), this.#failed]);
    const cutShort = this.failure !== undefined;
    if (cutShort) this.#halt();
    return await this.#collect(order, cutShort ? 0 : this.#drainMs, durationMs);
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

  async #collect(order: WindowOrder, drainMs: number, durationMs: number): Promise<Window | undefined> {
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
    const heard = (generators as (GeneratorWindow | undefined)[]).filter((window) => window !== undefined);
    if (heard.length === 0) return undefined;
    const startMs = (order.startNs - this.#startedNs) / 1e6;
    return { ...joinWindow(order, durationMs, server as ServerWindow | undefined, heard), startMs };
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

/** A seed of its own for every sender of every window; the server is sender 0. */
const senderSeed = (seed: number, window: number, sender: number): number =>
  Math.floor(seededRandom(seed * 1009 + window * 31 + sender)() * 2 ** 32);

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
    seed: senderSeed(order.seed, order.index, worker + 1),
  };
}

function joinWindow(
  order: WindowOrder,
  durationMs: number,
  server: ServerWindow | undefined,
  generators: readonly GeneratorWindow[],
): Window {
  const flows: Window["flows"] = {};
  for (const [name, load] of Object.entries(order.flows) as [FlowName, Load][]) {
    const halves = [server?.flows, ...generators.map((generator) => generator.flows)];
    flows[name] = joinFlow(
      load,
      durationMs,
      mergeFlows(halves.flatMap((half: FlowRecords | undefined) => half?.[name] ?? [])),
    );
  }
  const sum = (pick: (window: GeneratorWindow) => number): number =>
    generators.reduce((total, window) => total + pick(window), 0);
  return {
    name: order.name,
    durationMs,
    flows,
    wireBytes: {
      sent: sum(({ wireBytes }) => wireBytes.sent),
      received: sum(({ wireBytes }) => wireBytes.received),
      messages: sum(({ wireBytes }) => wireBytes.messages),
    },
    ...(server && { server: server.use }),
    generators: generators.map(({ use }) => use),
  };
}

/** What was sent and is neither received nor known to be lost was still on the way: censored. */
function joinFlow(load: Load, durationMs: number, { ledger, receivedInWindow, ...histograms }: FlowRecord): Flow {
  const censoredMessages = Math.max(0, ledger.sentMessages - ledger.receivedMessages - ledger.lostMessages);
  return {
    load,
    achievedRatePerSecond: (receivedInWindow * 1000) / durationMs,
    histograms,
    ledger: { ...ledger, censoredMessages },
  };
}
