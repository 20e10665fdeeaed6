import type { Load, ScenarioName } from "../reports/results.ts";
import type { WindowPlan } from "./flows/window.ts";

/** A traffic shape as data: what is busy in which window, and what the server must do for it. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  /** What its numbers answer, as a question. */
  readonly question: string;
  /** Open loop follows `--rate` whatever the target does; closed loop keeps `--in-flight` messages unanswered. */
  readonly loadKind: Load["kind"];
  /** `echo` works with any server that echoes; `one-way` needs ours, which counts and pushes by itself. */
  readonly service: "echo" | "one-way";
  /** What the scenario is about, by their names in a summary: these must become precise. */
  readonly headlineMetrics: readonly string[];
  /**
   * Traffic before the first window, so dense that the code it takes is compiled by then. Nothing of it is recorded,
   * and all of it has arrived before the first window begins.
   */
  readonly warmup: (load: Load) => WindowPlan;
  /** The measured windows, in report order; they run in an order drawn per trial. */
  readonly windows: (load: Load) => readonly WindowPlan[];
}
