import { setTimeout } from "node:timers/promises";
import type { MeasuredProcess } from "../../results/contract/results.ts";
import { CpuMeter, type CpuUse } from "./proc/cpu-meter.ts";
import { Forwarding } from "./proc/forwarding.ts";
import { serverAt } from "./proc/listener.ts";
import { commandOf, cpuTime, memoryBytes, processTree, residentBytes } from "./proc/process-use.ts";

const looks = 4;
const lookAgainMs = 50;

/** A server seen from outside, whoever wrote it: all processes it consists of, measured in one and the same way. */
export class ServerWatch {
  readonly #pids: readonly number[];
  readonly #hasChildren: boolean;
  readonly #forwarding: Forwarding | undefined;
  #unseen: string | undefined;

  /** A process this run started. Our own server is one process; a program may start and end others as it likes. */
  static of(pid: number | undefined, children?: "with its children"): ServerWatch {
    return new ServerWatch(pid === undefined ? [] : [pid], children !== undefined);
  }

  /** Programs that are one system together, with their children. */
  static ofAll(pids: readonly (number | undefined)[]): ServerWatch {
    return new ServerWatch(
      pids.filter((pid) => pid !== undefined),
      true,
    );
  }

  /** Whichever serves a URL, with its children. */
  static at(url: string): ServerWatch {
    const found = serverAt(url);
    if ("reason" in found) return new ServerWatch([], true, found);
    return new ServerWatch(found.pids, true, { forwarding: new Forwarding(found.pids, found.addresses, found.port) });
  }

  private constructor(
    pids: readonly number[],
    hasChildren: boolean,
    { reason, forwarding }: { readonly reason?: string; readonly forwarding?: Forwarding } = {},
  ) {
    this.#pids = pids;
    this.#hasChildren = hasChildren;
    this.#forwarding = forwarding;
    this.#unseen = reason;
  }

  /** Why nothing is told of the server, as a sentence; undefined where something is. */
  get unseen(): string | undefined {
    return this.#unseen;
  }

  /** What is measured: the processes of the server that run now. */
  processes(): MeasuredProcess[] {
    return this.#unseen === undefined ? this.#running().map((pid) => ({ pid, command: commandOf(pid) })) : [];
  }

  /** Starts to watch its CPU time between two instants. */
  meter(window: { readonly startNs: number; readonly endNs: number }): CpuMeter {
    return new CpuMeter(this.#running(), window);
  }

  /**
   * What a meter saw, read while users are connected: only then is it known whether the processes serve them or hand
   * them on. Nothing from then on if they do, seen in every look: one alone may fall between a connection's ends.
   */
  async read(meter: CpuMeter): Promise<CpuUse | undefined> {
    const seen = this.#unseen === undefined ? meter.read() : undefined;
    let suspicion = this.#unseen === undefined ? this.#forwarding?.suspicion() : undefined;
    for (let look = 1; look < looks && suspicion !== undefined; look++) {
      await setTimeout(lookAgainMs);
      suspicion = this.#forwarding?.suspicion();
    }
    this.#unseen ??= suspicion;
    return this.#unseen === undefined ? seen : undefined;
  }

  /** CPU time of all its processes so far, in microseconds; undefined where one of them cannot be read. */
  cpuUs(): number | undefined {
    return sum(this.#running().map((pid) => cpuTime(pid)?.cpuUs));
  }

  /** Anonymous memory of all its processes; undefined where one of them cannot be read. */
  memoryBytes(): number | undefined {
    return sum(this.#running().map(memoryBytes));
  }

  residentBytes(): number | undefined {
    return sum(this.#running().map(residentBytes));
  }

  #running(): readonly number[] {
    return this.#hasChildren ? processTree(...this.#pids) : this.#pids;
  }
}

const sum = (values: readonly (number | undefined)[]): number | undefined =>
  values.length === 0
    ? undefined
    : values.reduce<number | undefined>(
        (total, value) => (total === undefined || value === undefined ? undefined : total + value),
        0,
      );
