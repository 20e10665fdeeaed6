import type { Results, Window } from "../../results/contract/results.ts";
import type { PlannedCell } from "../run/cell-state.ts";
import { type RunObserver, type RunPlan, sideBySideMax, type TrialStep } from "../run/runner.ts";
import type { Target } from "../targets/target.ts";

/** First guess of what processes and drain add to a trial's traffic; replaced by what the trials show. */
const guessedOverheadMs = 700;

/** Without a terminal, nothing new is said of a trial for so long. */
const quietMs = 1000;

/** Where progress goes: a terminal shows one line that changes, anything else gets lines. */
export interface ProgressSink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Tells on stderr which cell and trial runs, what went otherwise than expected, and how long the rest will take. */
export class Progress implements RunObserver {
  readonly #sink: ProgressSink;
  readonly #nowMs: () => number;
  readonly #meanTrafficMs: number;
  readonly #saves: (results: Results) => void;
  #startedMs: number | undefined;
  #trafficDoneMs = 0;
  #finished = 0;
  #shownMs = 0;

  constructor(
    plan: Pick<RunPlan, "cells">,
    saves: (results: Results) => void,
    sink: ProgressSink = process.stderr,
    nowMs = () => performance.now(),
  ) {
    this.#sink = sink;
    this.#nowMs = nowMs;
    this.#saves = saves;
    const all = plan.cells.map(trafficMs);
    this.#meanTrafficMs = all.reduce((sum, ms) => sum + ms, 0) / Math.max(1, all.length);
  }

  verifying(target: Target): void {
    this.#show(`conformance  ${target.label}`);
  }

  refused(target: Target, reason: string): void {
    this.say(`refused      ${target.label}: ${reason}`);
  }

  trialsStart(steps: readonly TrialStep[]): void {
    const [{ trial, number, of }] = steps as [TrialStep];
    const now = this.#nowMs();
    this.#startedMs ??= now;
    const left = formatClock(this.#leftMs(now - this.#startedMs, of - number + 1));
    const what =
      steps.length === 1 ? lineOf(steps[0]!) : `${placeOf(number, of)}  ${steps.length} cells  trial ${trial}`;
    this.#show(`${what}  ${left} left`);
  }

  /** A terminal's line changes; elsewhere only what takes its time is told of before it ends. */
  windowEnded(step: TrialStep, { name }: Window): void {
    if (this.#sink.isTTY || this.#nowMs() - this.#shownMs > quietMs) this.#show(`${lineOf(step)}  ${name}`);
  }

  trialEnded({ state, number, of }: TrialStep): void {
    this.#trafficDoneMs += trafficMs(state.planned);
    this.#finished++;
    const { result } = state;
    if (result.state === "failed" || result.state === "not-run") {
      this.say(`${result.state.replace("-", " ").padEnd(12)} ${state.name}: ${result.reason}`);
    }
    if (result.state !== "measured") return;
    const missed = result.predictions.filter(({ verdict }) => verdict !== "held");
    if (missed.length === 0) return;
    const outcomes = missed.map(({ metric, verdict, measured }) =>
      verdict === "failed" ? `${metric} ${measured}` : `${metric} not measured`,
    );
    this.say(`${placeOf(number, of)}  ${state.name}: not as predicted: ${outcomes.join("; ")}`);
  }

  checkpoint(results: Results): void {
    this.#saves(results);
  }

  /** Clears the line that changes. */
  done(): void {
    if (this.#sink.isTTY) this.#sink.write("\r\u001b[K");
  }

  /** Traffic still planned, and per trial what the ones before took beyond their traffic. */
  #leftMs(elapsedMs: number, trialsLeft: number): number {
    const overheadMs = this.#finished > 0 ? (elapsedMs - this.#trafficDoneMs) / this.#finished : guessedOverheadMs;
    return trialsLeft * (this.#meanTrafficMs + Math.max(0, overheadMs));
  }

  #show(line: string): void {
    this.#shownMs = this.#nowMs();
    if (!this.#sink.isTTY) this.#sink.write(`${line}\n`);
    else this.#sink.write(`\r\u001b[K${line.slice(0, (this.#sink.columns ?? 80) - 1)}`);
  }

  /** A line that stays. */
  say(line: string): void {
    this.done();
    this.#sink.write(`${line}\n`);
  }
}

const lineOf = ({ state, trial, number, of }: TrialStep): string =>
  `${placeOf(number, of)}  ${state.name}  trial ${trial}`;

const placeOf = (number: number, of: number): string => `[${String(number).padStart(String(of).length)}/${of}]`;

/** Of a trial that shares its time with others, its part. */
const trafficMs = ({ experiment, cell }: PlannedCell): number =>
  experiment.trafficMs(cell) / (experiment.isolation === "shared" ? sideBySideMax : 1);

/** Minutes and seconds, e.g. `1:05`. */
export function formatClock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
