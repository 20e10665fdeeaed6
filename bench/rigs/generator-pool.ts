/** Load-generator processes on this host that share the users and the rate: one load generator to whoever asks. */
import type { FlowName, Load } from "../../load/flows/traffic.ts";
import type { WindowOrder } from "../../load/flows/window.ts";
import type { TlsHandshakes, WireBytes } from "../../load/metering/wire-bytes.ts";
import { LatencyHistogram } from "../../load/recording/latency.ts";
import type { LoadGenerator } from "../../load/users/load-generator.ts";
import type { ConnectOrder, GeneratorWindow } from "../../load/users/users.ts";
import { nowNs } from "../../protocol/clock.ts";
import { describeError } from "../../protocol/errors.ts";
import { seededRandom } from "../../protocol/random.ts";
import type { Observed } from "../../results/contract/results.ts";
import type { Between, GeneratorApi, GeneratorOrder } from "./processes/generator.ts";
import { RemoteProcess } from "./processes/remote.ts";

/** Of all processes together. */
export type PoolConnectOrder = Omit<ConnectOrder, "firstUser"> & GeneratorOrder & Between;

const startWaitMs = 60_000;
/** Beyond its own plan, a process is given this long before it counts as dead: the machine may be very busy. */
const graceMs = 15_000;
/** Once something has failed, nobody waits long for what the others saw. */
const failedPatienceMs = 2000;
/** For one connection of many, on a machine that other trials use too. */
const connectMs = 100;

export class GeneratorPool implements LoadGenerator<PoolConnectOrder, string, WindowOrder, GeneratorWindow[]> {
  readonly clock = "monotonic clock of this host";
  readonly #processes: readonly RemoteProcess<GeneratorApi>[];
  readonly #onBroken: (reason: string) => void;
  readonly #tls = new Set<string>();
  readonly #compression = new Set<string>();
  /** Of each process. */
  readonly #tlsHandshakes: TlsHandshakes[] = [];
  #wireBytesPerConnection: number | undefined;
  #users = 0;
  #broken = false;

  /** `onBroken` hears of a connection that ended unasked, and of a process that did. */
  constructor(processes: number, onBroken: (reason: string) => void) {
    this.#onBroken = (reason) => {
      this.#broken = true;
      onBroken(reason);
    };
    this.#processes = Array.from({ length: processes }, (_, index) => {
      const name = processes === 1 ? "load generator" : `load generator ${index + 1} of ${processes}`;
      return new RemoteProcess<GeneratorApi>(name, "generator", (event, value) => {
        // A broken connection is mostly the echo of a server's death, which says more: give that a moment to be heard.
        if (event === "broken") setTimeout(() => this.#onBroken(String(value)), 100);
      });
    });
    for (const process of this.#processes) void process.exited.then(this.#onBroken);
  }

  /** Resolves with the histogram of the times that connecting took. Called again, it adds users. */
  async connect({ connections, ...order }: PoolConnectOrder): Promise<string> {
    const from = this.#users;
    this.#users += connections;
    const replies = await Promise.all(
      this.#processes.map((process, index) => {
        const own = share(connections, this.#processes.length, index);
        const patienceMs = startWaitMs + order.limits.handshakeMs + own.connections * connectMs;
        return process.call(
          "connect",
          { ...order, connections: own.connections, firstUser: from + own.first },
          patienceMs,
        );
      }),
    );
    this.#wireBytesPerConnection ??= replies[0]?.wireBytesPerConnection;
    for (const [process, { tls, tlsHandshakes, compression }] of replies.entries()) {
      this.#tlsHandshakes[process] = tlsHandshakes;
      for (const used of tls) this.#tls.add(used);
      for (const used of compression) this.#compression.add(used);
    }
    const times = new LatencyHistogram();
    for (const { connect } of replies) times.add(LatencyHistogram.decode(connect));
    return times.encode();
  }

  /** What the connections made so far are spoken through. */
  get transport(): Pick<Observed, "tls" | "tlsHandshakes" | "compression"> {
    const total = (kind: keyof TlsHandshakes): number =>
      this.#tlsHandshakes.reduce((sum, handshakes) => sum + handshakes[kind], 0);
    return {
      tls: [...this.#tls],
      ...(this.#tls.size > 0 && { tlsHandshakes: { full: total("full"), resumed: total("resumed") } }),
      compression: [...this.#compression],
    };
  }

  /** What crosses the wire, both ways, for a connection that is opened and closed; undefined where that cannot be told. */
  get wireBytesPerConnection(): number | undefined {
    return this.#wireBytesPerConnection;
  }

  /** Resolves when every process is ready for the window, which may be called off by another one. */
  async prepare(order: WindowOrder): Promise<void> {
    await Promise.all(
      this.#processes.map((process, worker) =>
        process.call("prepare", workerOrder(order, this.#processes.length, worker), graceMs),
      ),
    );
  }

  /** The window it is ready for. */
  async run({ endNs }: WindowOrder): Promise<void> {
    const patienceMs = (endNs - nowNs()) / 1e6 + graceMs;
    await Promise.all(this.#processes.map((process) => process.call("send", undefined, patienceMs)));
  }

  halt(): void {
    for (const process of this.#processes) process.call("halt", undefined, graceMs).catch(() => {});
  }

  /** Of each process that could tell; one that could not is told of as broken. */
  async collect(drainMs: number): Promise<GeneratorWindow[]> {
    const patienceMs = drainMs + (this.#broken ? failedPatienceMs : graceMs);
    const seen = await Promise.all(
      this.#processes.map((process) =>
        process.call("collect", { drainMs }, patienceMs).catch((error): undefined => {
          this.#onBroken(describeError(error));
        }),
      ),
    );
    return seen.filter((window) => window !== undefined);
  }

  /** On all connections since they were opened. */
  async wireBytes(): Promise<WireBytes> {
    const counts = await Promise.all(this.#processes.map((process) => process.call("wireBytes", undefined, graceMs)));
    return {
      sent: counts.reduce((sum, { sent }) => sum + sent, 0),
      received: counts.reduce((sum, { received }) => sum + received, 0),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.call("disconnect", undefined, graceMs)));
  }

  /** Ends the processes, whatever they do. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}

/** The users that fall to one process, as even as it gets. */
function share(total: number, workers: number, worker: number): { connections: number; first: number } {
  const first = Math.floor((total * worker) / workers);
  return { first, connections: Math.floor((total * (worker + 1)) / workers) - first };
}

/** Each process offers its part of the rate, shifted so that together they follow one even schedule. */
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
    rampUpStartNs: order.rampUpStartNs + shiftNs,
    seed: drawnSeed(order.seed, worker),
  };
}

/** A seed of its own for every window, and from that for every process; the server takes the window's. */
export const drawnSeed = (...parts: readonly number[]): number => Math.floor(seededRandom(...parts)() * 2 ** 32);
