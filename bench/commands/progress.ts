import type { Results } from "../../results/contract/results.ts";
import { trafficMs } from "../run/plan.ts";
import type { RunObserver, RunPlan, TrialStep } from "../run/runner.ts";
import type { Target } from "../targets/target.ts";

/** First guess of what processes and drain add to a trial's traffic; replaced by what the trials show. */
const guessedOverheadMs = 700;

/** Where progress goes: a terminal shows one line that changes, anything else gets lines. */
export interface ProgressSink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Tells on stderr which cell and trial runs, and how long the rest will take. */
export class Progress implements RunObserver {
  readonly #sink: ProgressSink;
  readonly #nowMs: () => number;
  readonly #trafficMs: number[];
  readonly #saves: (results: Results) => void;
  #startedMs = 0;
  #trafficDoneMs = 0;
  #finished = 0;
  #currentMs = 0;

  constructor(
    plan: RunPlan,
    saves: (results: Results) => void,
    sink: ProgressSink = process.stderr,
    nowMs = () => performance.now(),
  ) {
    this.#sink = sink;
    this.#nowMs = nowMs;
    this.#saves = saves;
    this.#trafficMs = plan.cells.flatMap((cell) => Array.from({ length: plan.trials }, () => trafficMs(cell)));
  }

  verifying(target: Target): void {
    this.#show(`conformance  ${target.label}`);
  }

  refused(target: Target, reason: string): void {
    this.say(`refused      ${target.label}: ${reason}`);
  }

  trialStarts(step: TrialStep): void {
    const now = this.#nowMs();
    if (this.#startedMs === 0) this.#startedMs = now;
    if (this.#currentMs > 0) {
      this.#trafficDoneMs += this.#currentMs;
      this.#finished++;
    }
    this.#currentMs = trafficMs(step.cell);
    const { target, scenario } = step.cell;
    const place = `[${String(step.number).padStart(String(step.of).length)}/${step.of}]`;
    const left = formatClock(this.#leftMs(now, step.of - step.number + 1));
    this.#show(`${place}  ${scenario.name}  ${target.label}  trial ${step.trial}  ${left} left`);
  }

  probing(target: Target, ratePerSecond: number): void {
    this.#show(`capacity     ${target.label}  ${ratePerSecond}/s`);
  }

  trialFailed({ cell }: TrialStep, reason: string): void {
    this.say(`failed       ${cell.scenario.name} ${cell.target.label}: ${reason}`);
  }

  checkpoint(results: Results): void {
    this.#saves(results);
  }

  /** Clears the line that changes. */
  done(): void {
    if (this.#sink.isTTY) this.#sink.write("\r\u001b[K");
  }

  /** Traffic still planned, and per trial what the ones before took beyond their traffic. */
  #leftMs(now: number, trialsLeft: number): number {
    const planned = this.#trafficMs.reduce((sum, ms) => sum + ms, 0) / this.#trafficMs.length;
    const overhead =
      this.#finished > 0 ? (now - this.#startedMs - this.#trafficDoneMs) / this.#finished : guessedOverheadMs;
    return trialsLeft * (planned + Math.max(0, overhead));
  }

  #show(line: string): void {
    if (!this.#sink.isTTY) this.#sink.write(`${line}\n`);
    else this.#sink.write(`\r\u001b[K${line.slice(0, (this.#sink.columns ?? 80) - 1)}`);
  }

  /** A line that stays. */
  say(line: string): void {
    this.done();
    this.#sink.write(`${line}\n`);
  }
}

/** Minutes and seconds, e.g. `1:05`. */
export function formatClock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
