import { monitorEventLoopDelay } from "node:perf_hooks";
import type { KnownAnswer } from "../../../load/behaviours/answer-script.ts";
import type { ImposedDelays } from "../../../load/behaviours/known-answer.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { Flow, Load } from "../../../results/contract/results.ts";
import { decodeHistogram } from "../../../results/statistics/histogram.ts";
import { isStarved } from "../../../results/validity/starvation.ts";
import { echo } from "../../experiments/echo.ts";
import type { ServerWindow } from "../../rigs/processes/server.ts";
import { planCells, presets } from "../../run/plan.ts";
import { runTrial } from "../../run/trial.ts";
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
  readonly starved: boolean;
}

export const trialShape = { connections: 4, settleMs: 100, drainMs: 1000, payloadBytes: 64 } as const;

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
  const { target, windows, durationMs, seed, signal, imposedElsewhere } = order;
  const scenario = { ...echo, windows: () => windows.map(({ name, load }) => ({ name, flows: { roundTrip: load } })) };
  const settings = { ...presets.quick, ...trialShape, durationMs };
  const [plan] = planCells([target], [scenario], settings);
  const script = Object.fromEntries(windows.flatMap(({ name, answer }) => (answer ? [[name, answer]] : [])));
  using probe = new TimerProbe();
  const lateness = new Map<string, (percentile: number) => number>();
  let told: Record<string, ImposedDelays> = {};
  const { trial, failure } = await runTrial(plan!, {
    trial: 1,
    seed,
    signal,
    service: { service: "known-answer", script },
    onServerWindow(name: string, { imposed }: ServerWindow) {
      if (imposed !== undefined) told[name] = imposed;
      lateness.set(name, probe.take());
    },
  });
  if (failure !== undefined) throw new WirebenchError("process-failed", failure);
  if (imposedElsewhere !== undefined) told = await imposedElsewhere();
  const overall = probe.take();
  return new Map(
    trial.windows.map((window) => [
      window.name,
      {
        flow: window.flows.roundTrip!,
        imposed: told[window.name],
        machine: { latenessNs: lateness.get(window.name) ?? overall, starved: isStarved(window) },
      },
    ]),
  );
}

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
