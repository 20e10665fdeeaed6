import { plainLook, renderTables, type TerminalLook } from "../../reports/screen/terminal.ts";
import { cut } from "../../reports/text/wrap.ts";
import { expectedInWords } from "../../reports/view/shown-estimate.ts";
import type { Prediction, Results, Window } from "../../results/contract/results.ts";
import { metricNamed } from "../../results/metrics/metrics.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { trialMs, trialsOf } from "../run/estimate.ts";
import type { RunObserver, RunPlan, TrialStep } from "../run/runner.ts";
import type { Target } from "../targets/target.ts";
import { columnsOf } from "./columns.ts";
import { LiveBlock, type Terminal } from "./live-block.ts";
import { lookOf } from "./look.ts";

/** Without a terminal, nothing new is said of a trial for so long. */
const quietMs = 1000;

const tableColumnsMin = 60;

/** Where progress goes: a terminal shows the table as it fills and a line that changes, anything else gets lines. */
export interface ProgressSink extends Terminal {
  readonly isTTY?: boolean | undefined;
}

export interface ProgressPlan extends Pick<RunPlan, "cells"> {
  readonly trials?: number;
  /** What a terminal shows of what is measured so far. */
  readonly tables?: typeof renderTables;
}

/** Tells on stderr which cell and trial runs, what went otherwise than expected, and how long the rest will take. */
export class Progress implements RunObserver {
  readonly #sink: ProgressSink;
  /** Absent where lines cannot be drawn again. */
  readonly #live: LiveBlock | undefined;
  readonly #look: TerminalLook;
  #table: readonly string[] = [];
  #status = "";
  readonly #nowMs: () => number;
  readonly #tables: typeof renderTables;
  readonly #saves: (results: Results) => void;
  #startedMs: number | undefined;
  /** Of trials still to come, as far as they are planned. */
  readonly #ahead = { trials: 0, ms: 0 };
  readonly #meanMs: number;
  /** What was planned for the trials that are over. */
  #doneMs = 0;
  #shownMs = 0;

  constructor(
    { cells, trials = 1, tables = renderTables }: ProgressPlan,
    saves: (results: Results) => void,
    sink: ProgressSink = process.stderr,
    nowMs = () => performance.now(),
    look: TerminalLook = sink === process.stderr ? lookOf(process.stderr) : { ...plainLook, columns: columnsOf(sink) },
  ) {
    this.#sink = sink;
    const isDumb = sink === process.stderr && process.env.TERM === "dumb";
    this.#live = sink.isTTY && !isDumb ? new LiveBlock(sink) : undefined;
    this.#look = look;
    this.#nowMs = nowMs;
    this.#saves = saves;
    this.#tables = tables;
    for (const planned of cells) {
      const own = trialsOf(planned, trials);
      this.#ahead.trials += own;
      this.#ahead.ms += own * trialMs(planned);
    }
    this.#meanMs = this.#ahead.ms / Math.max(1, this.#ahead.trials);
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
    if (this.#live || this.#nowMs() - this.#shownMs > quietMs) this.#show(`${lineOf(step)}  ${name}`);
  }

  trialEnded({ state, number, of }: TrialStep): void {
    const plannedMs = trialMs(state.planned);
    this.#doneMs += plannedMs;
    this.#ahead.trials--;
    this.#ahead.ms -= plannedMs;
    const { result } = state;
    if (result.state === "failed" || result.state === "not-run") {
      this.say(`${result.state.replace("-", " ").padEnd(12)} ${state.name}: ${result.reason}`);
    }
    if (result.state !== "measured") return;
    const missed = result.predictions.filter(({ verdict }) => verdict !== "held");
    if (missed.length === 0) return;
    const outcomes = missed.map(outcomeInWords);
    this.say(`${placeOf(number, of)}  ${state.name}: not as predicted: ${outcomes.join("; ")}`);
  }

  /** Drawing comes between trials, when nothing is measured. */
  checkpoint(results: Results): void {
    this.#saves(results);
    if (this.#live === undefined) return;
    this.#table = this.#tables(results, this.#look);
    this.#draw();
  }

  /** Takes off the screen what changes. */
  done(): void {
    this.#live?.clear();
  }

  /** As planned, times what the trials before took over what was planned for them. */
  #leftMs(elapsedMs: number, trialsLeft: number): number {
    const { trials, ms } = this.#ahead;
    // Of trials that nobody planned, a precision or an earlier run decides how many there are.
    const meanMs = trials > 0 && ms > 0 ? ms / trials : this.#meanMs;
    return trialsLeft * meanMs * (this.#doneMs > 0 ? elapsedMs / this.#doneMs : 1);
  }

  #show(line: string): void {
    this.#shownMs = this.#nowMs();
    this.#status = line;
    if (this.#live === undefined) this.#sink.write(`${line}\n`);
    else if (this.#live.isDrawn) this.#live.drawLast(this.#statusLine());
    else this.#draw();
  }

  #statusLine(): string {
    return cut(this.#status, columnsOf(this.#sink) - 1);
  }

  /** A narrow terminal has room for the line, not for the table. */
  #draw(): void {
    const hasRoom = this.#look.columns >= tableColumnsMin && this.#table.length > 0;
    const status = this.#statusLine();
    this.#live?.draw(hasRoom ? [...this.#table, "", status] : [status]);
  }

  /** A line that stays. */
  say(line: string): void {
    this.done();
    this.#sink.write(`${line}\n`);
  }
}

const lineOf = ({ state, trial, number, of }: TrialStep): string =>
  `${placeOf(number, of)}  ${state.name}  trial ${trial}`;

/** `delivered 82.0 %, expected 100 %`: the report will say whose doing it is, unless it was not the cluster's. */
function outcomeInWords({ metric, verdict, measured, because, expected }: Prediction): string {
  const { title, unit } = metricNamed(metric);
  if (verdict === "not-measured" || measured === undefined) return `${title} not measured`;
  const found = `${title} ${formatQuantity(measured, unit)}, expected ${expectedInWords(expected, unit)}`;
  return because === undefined ? found : `${found}, which tells nothing: ${because}`;
}

const placeOf = (number: number, of: number): string => `[${String(number).padStart(String(of).length)}/${of}]`;

/** Minutes and seconds, e.g. `1:05`. */
export function formatClock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
