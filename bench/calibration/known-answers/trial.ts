import { monitorEventLoopDelay } from "node:perf_hooks";
import type { KnownAnswer } from "../../../load/behaviours/answer-script.ts";
import type { ImposedDelays } from "../../../load/behaviours/known-answer.ts";
import type { Load } from "../../../load/flows/traffic.ts";
import type { Window } from "../../../results/contract/results.ts";
import { type Flow, flowNamed, useOf } from "../../../results/recording/flows.ts";
import { decodeHistogram } from "../../../results/statistics/histogram.ts";
import { cpuWaitShareMax } from "../../../results/validity/cpu-contention.ts";
import type { TrafficCell } from "../../experiments/comparison/traffic-cell.ts";
import { trafficTrial } from "../../experiments/comparison/traffic-trial.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { ServerRig } from "../../rigs/server-rig.ts";
import type { Target } from "../../targets/target.ts";

/** A window of a trial: the harness offers `load`, the server answers as `answer` says, or at once. */
export interface KnownWindow {
  readonly name: string;
  readonly load: Load;
  readonly answer?: KnownAnswer;
}

/** A window as the harness measured it, beside what is true of it. */
export interface ObservedWindow {
  readonly flow: Flow;
  /** Absent for a server that does not tell. */
  readonly imposed: ImposedDelays | undefined;
  readonly machine: MachineNoise;
}

/** What a process that has nothing to do with the measurement saw of the machine meanwhile. */
export interface MachineNoise {
  /** How late a bare timer of this process fired, in nanoseconds, at a percentile. */
  latenessNs(percentile: number): number;
  /** A process of the measurement did not get the processor it asked for. */
  readonly contended: boolean;
}

export const trialShape = { connections: 4, rampUpMs: 100, drainMs: 1000, payloadBytes: 64 } as const;

export interface TrialOrder {
  readonly target: Target;
  readonly windows: readonly KnownWindow[];
  readonly durationMs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** For a server that was started apart: what it did in each window, once all is over. */
  readonly imposedElsewhere?: () => Promise<Record<string, ImposedDelays>>;
}

/**
 * One trial by the harness itself: its processes, windows, pacer and recorder. Only the server's behaviour is not
 * what a run has. Throws if the trial is not complete.
 */
export async function observe(order: TrialOrder): Promise<Map<string, ObservedWindow>> {
  const { windows, seed, signal, imposedElsewhere } = order;
  const script = Object.fromEntries(windows.flatMap(({ name, answer }) => (answer ? [[name, answer]] : [])));
  const cell = cellOf(order, { name: "known-answer", script });
  using probe = new TimerProbe();
  const lateness = new Map<string, (percentile: number) => number>();
  let told: Record<string, ImposedDelays> = {};
  const seen: Window[] = [];
  await using programs = new ProgramPool();
  {
    await using rig = await ServerRig.open(cell, { trial: 1, seed, signal, programs });
    rig.onServerWindow = (name, { imposed }) => {
      if (imposed !== undefined) told[name] = imposed;
      lateness.set(name, probe.take());
    };
    const shape = {
      warmup: { name: "warm-up", flows: { roundTrip: { kind: "closed", inFlight: 4 } } } as const,
      windows: windows.map(({ name, load }) => ({ name, flows: { roundTrip: load } })),
    };
    for await (const window of trafficTrial(rig, cell, shape)) seen.push(window);
  }
  if (imposedElsewhere !== undefined) told = await imposedElsewhere();
  const overall = probe.take();
  return new Map(
    seen.map((window) => [
      window.name,
      {
        flow: flowNamed(window, "roundTrip")!,
        imposed: told[window.name],
        machine: {
          latenessNs: lateness.get(window.name) ?? overall,
          contended: (useOf(window).cpuWaitShare ?? 0) > cpuWaitShareMax,
        },
      },
    ]),
  );
}

const cellOf = ({ target, durationMs, windows }: TrialOrder, behaviour: TrafficCell["behaviour"]): TrafficCell => ({
  target,
  behaviour,
  expectations: [],
  parameters: {
    ...trialShape,
    workers: 1,
    payloadKind: "text",
    load: windows[0]!.load,
    warmupMs: 150,
    durationMs,
    settings: {},
  },
});

/** Every delay of a histogram, as often as it was recorded, in nanoseconds. */
export function delaysOf(encoded: string): number[] {
  const delays: number[] = [];
  const histogram = decodeHistogram(encoded);
  for (let rank = 1; rank <= histogram.totalCount; rank++) {
    delays.push(histogram.getValueAtPercentile(((rank - 0.5) / histogram.totalCount) * 100));
  }
  return delays;
}

/** Watches a timer of this process, which sleeps while the trial runs. */
class TimerProbe implements Disposable {
  readonly #delay = monitorEventLoopDelay({ resolution: 1 });

  constructor() {
    this.#delay.enable();
  }

  /** Lateness since the last call. */
  take(): (percentile: number) => number {
    const { percentiles } = this.#delay;
    const sorted = [...percentiles.entries()].sort(([a], [b]) => a - b);
    this.#delay.reset();
    return (percentile) => sorted.find(([reached]) => reached >= percentile)?.[1] ?? 0;
  }

  [Symbol.dispose](): void {
    this.#delay.disable();
  }
}
