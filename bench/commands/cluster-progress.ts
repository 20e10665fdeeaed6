import type { ClusterCell, ClusterResults } from "../../results/contract/cluster-results.ts";
import type { ArmStep, ClusterObserver } from "../run/cluster-run.ts";
import { formatClock, type ProgressSink } from "./progress.ts";

/** First guess of what an arm takes; replaced by what the arms show. */
const guessedArmMs = 4000;

/** Tells on stderr which arm runs, what became of the last one, and how long the rest will take. */
export class ClusterProgress implements ClusterObserver {
  readonly #sink: ProgressSink;
  readonly #nowMs: () => number;
  readonly #saves: (results: ClusterResults) => void;
  #startedMs: number | undefined;

  constructor(
    saves: (results: ClusterResults) => void,
    sink: ProgressSink = process.stderr,
    nowMs = () => performance.now(),
  ) {
    this.#saves = saves;
    this.#sink = sink;
    this.#nowMs = nowMs;
  }

  armStarts({ experiment, arm, trial, number, of }: ArmStep): void {
    const now = this.#nowMs();
    this.#startedMs ??= now;
    const perArmMs = number > 1 ? (now - this.#startedMs) / (number - 1) : guessedArmMs;
    const left = formatClock(perArmMs * (of - number + 1));
    this.#show(`${placeOf(number, of)}  ${experiment.name}  ${arm.name}  trial ${trial}  ${left} left`);
  }

  armEnded({ experiment, arm, number, of }: ArmStep, cell: ClusterCell): void {
    this.say(`${placeOf(number, of)}  ${experiment.name}  ${arm.name}: ${outcomeOf(cell)}`);
  }

  checkpoint(results: ClusterResults): void {
    this.#saves(results);
  }

  /** Clears the line that changes. */
  done(): void {
    if (this.#sink.isTTY) this.#sink.write("\r\u001b[K");
  }

  /** A line that stays. */
  say(line: string): void {
    this.done();
    this.#sink.write(`${line}\n`);
  }

  /** Only a terminal needs to be told of what has not ended yet. */
  #show(line: string): void {
    if (this.#sink.isTTY) this.#sink.write(`\r\u001b[K${line.slice(0, (this.#sink.columns ?? 80) - 1)}`);
  }
}

const placeOf = (number: number, of: number): string => `[${String(number).padStart(String(of).length)}/${of}]`;

function outcomeOf(cell: ClusterCell): string {
  if (cell.state !== "measured") return `${cell.state === "failed" ? "failed" : "not run"}: ${cell.reason}`;
  const failed = cell.predictions.filter(({ verdict }) => verdict !== "held");
  if (failed.length === 0) return "as expected";
  return failed
    .map(({ metric, verdict, measured }) =>
      verdict === "failed" ? `not as expected, ${metric} ${measured}` : `not measured, ${metric}`,
    )
    .join("; ");
}
