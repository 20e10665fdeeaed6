import type { Target } from "../targets/target.ts";
import { CpuMeter } from "./proc/cpu-meter.ts";
import { serverAt } from "./proc/listener.ts";
import { memoryBytes, processTree, residentBytes } from "./proc/process-use.ts";
import type { RemoteApi, RemoteProcess } from "./processes/remote.ts";

/** A target's server seen from outside, whoever wrote it: all processes it consists of, measured in one and the same way. */
export class ServerWatch {
  /** Why nothing can be seen, as a sentence; undefined where something can. */
  readonly unseen: string | undefined;
  readonly #pids: readonly number[];
  readonly #foreign: boolean;

  /** Of the process this run started, or of whichever serves the target's URL. */
  constructor({ url }: Target, started: RemoteProcess<RemoteApi> | undefined) {
    this.#foreign = started === undefined;
    const found = started === undefined ? serverAt(url!) : { pids: started.pid === undefined ? [] : [started.pid] };
    this.#pids = "pids" in found ? found.pids : [];
    this.unseen = "reason" in found ? found.reason : undefined;
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

  /** A server of somebody else may start and end processes as it likes; ours is one. */
  #processes(): readonly number[] {
    return this.#foreign ? processTree(...this.#pids) : this.#pids;
  }
}

const sum = (values: readonly (number | undefined)[]): number | undefined =>
  values.length === 0
    ? undefined
    : values.reduce<number | undefined>(
        (total, value) => (total === undefined || value === undefined ? undefined : total + value),
        0,
      );
