import type { WindowPlan } from "../../../load/flows/window.ts";
import type { Load, ScenarioName } from "../../../results/contract/results.ts";

interface ScenarioBase {
  readonly name: ScenarioName;
  readonly title: string;
  /** What its numbers answer, as a question. */
  readonly question: string;
  /** `echo` works with any server that echoes; `one-way` needs ours, which counts and pushes by itself. */
  readonly service: "echo" | "one-way";
  /** What the scenario is about, by their names in a summary: these must become precise. */
  readonly headlineMetrics: readonly string[];
}

/** A traffic shape as data: what is busy in which window, and what the server must do for it. */
export interface TrafficScenario extends ScenarioBase {
  /** Open loop follows `--rate` whatever the target does; closed loop keeps `--in-flight` messages unanswered. */
  readonly loadKind: Load["kind"];
  /**
   * Traffic before the first window, so dense that the code it takes is compiled by then. Nothing of it is recorded,
   * and all of it has arrived before the first window begins.
   */
  readonly warmup: (load: Load) => WindowPlan;
  /** The measured windows, in report order; they run in an order drawn per trial. */
  readonly windows: (load: Load) => readonly WindowPlan[];
}

/** Nobody sends: users connect step by step, and then only stay. Its trials need no quiet machine and share it. */
export interface RestingScenario extends ScenarioBase {
  readonly loadKind: "none";
}

export type Scenario = TrafficScenario | RestingScenario;
