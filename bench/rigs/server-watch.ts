import { CpuMeter } from "./proc/cpu-meter.ts";
import { serverAt } from "./proc/listener.ts";
import { memoryBytes, processTree, residentBytes } from "./proc/process-use.ts";

/** A server seen from outside, whoever wrote it: all processes it consists of, measured in one and the same way. */
export class ServerWatch {
  /** Why nothing can be seen, as a sentence; undefined where something can. */
  readonly unseen: string | undefined;
  readonly #pids: readonly number[];
  readonly #hasChildren: boolean;

  /** A process this run started. Our own server is one process; a program may start and end others as it likes. */
  static of(pid: number | undefined, children?: "with its children"): ServerWatch {
    return new ServerWatch(pid === undefined ? [] : [pid], children !== undefined, undefined);
  }

  /** Whichever serves a URL, with its children. */
  static at(url: string): ServerWatch {
    const found = serverAt(url);
    return "pids" in found ? new ServerWatch(found.pids, true, undefined) : new ServerWatch([], true, found.reason);
  }

  private constructor(pids: readonly number[], hasChildren: boolean, unseen: string | undefined) {
    this.#pids = pids;
    this.#hasChildren = hasChildren;
    this.unseen = unseen;
  }

  /** Starts to watch its CPU time between two instants. */
  meter(window: { readonly startNs: number; readonly endNs: number }): CpuMeter {
    return new CpuMeter(this.#processes(), window);
  }

  /** Anonymous memory of all its processes; undefined where one of them cannot be read. */
  memoryBytes(): number | undefined {
    return sum(this.#processes().map(memoryBytes));
  }

  residentBytes(): number | undefined {
    return sum(this.#processes().map(residentBytes));
  }

  #processes(): readonly number[] {
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
