/**
 * What a reader sees first, in a terminal and at the top of a report: one model, two looks.
 * Texts are plain, neither escaped nor wrapped.
 */
import { plural } from "../../results/quantities/format.ts";
import { tallyOf } from "../view/shown-estimate.ts";
import { type ReportView, trialsInWords } from "../view/view.ts";
import { capacityPart } from "./capacity.ts";
import { type ClaimsInShort, claimsInShort } from "./claims.ts";
import { clusterPart } from "./cluster.ts";
import { comparisonPart } from "./comparison.ts";
import { decisionPart } from "./decision.ts";
import { experimentParts } from "./experiment-tables.ts";
import { failuresOf, unclearOf } from "./failures.ts";
import { findingsPart } from "./findings.ts";
import { type MachineVerdict, machineVerdictOf } from "./machine.ts";
import { notMeasuredIn } from "./not-measured.ts";
import { defectsOf, problemsOf, warningsOf } from "./problems.ts";
import type { Remedy, ScreenPart, ScreenTable, Statement } from "./screen-table.ts";

export interface Screen {
  /** Of a run that was cut short or measured nothing. */
  readonly notice: string | undefined;
  /** How much was measured, and how many predictions held. */
  readonly scope: string;
  readonly machine: MachineVerdict;
  /** Predictions that did not hold, each with its cause, cells without numbers, and what targets did wrong. */
  readonly failures: readonly string[];
  /** Predictions that cannot be judged, since wirebench or the machine was in the way. */
  readonly unclear: readonly string[];
  /** What to run, and why. */
  readonly advice: readonly Statement[];
  readonly tables: readonly ScreenTable[];
  /** What the numbers support, the most important first. */
  readonly sure: readonly string[];
  /** What they leave open, and the command that would settle it. */
  readonly unsure: Remedy | undefined;
  /** How to run it. */
  readonly rules: readonly string[];
  /** What taught sentences are worth; undefined where none was put to the test. */
  readonly claims: ClaimsInShort | undefined;
  /** What speaks against numbers that are shown. */
  readonly warnings: readonly string[];
  /** And why, and the command that would measure it. */
  readonly notMeasured: readonly Remedy[];
}

const sureMax = 4;

export function screenOf(view: ReportView): Screen {
  // Who asked for claims reads these: what their cells come to by themselves nobody asked.
  const parts = view.results.claimsAsked === undefined ? partsOf(view) : [];
  return {
    notice: noticeOf(view),
    scope: scopeOf(view),
    machine: machineVerdictOf(view),
    failures: [...failuresOf(view), ...problemsOf(view), ...defectsOf(view)],
    unclear: unclearOf(view),
    advice: parts.flatMap(({ advice = [] }) => advice),
    tables: parts.flatMap(({ table }) => table ?? []),
    sure: fairShare(parts, sureMax),
    unsure: parts.find(({ unsure }) => unsure !== undefined)?.unsure,
    rules: parts.flatMap(({ rules = [] }) => rules),
    claims: claimsInShort(view),
    warnings: warningsOf(view),
    notMeasured: [...parts.flatMap(({ notMeasured = [] }) => notMeasured), ...notMeasuredIn(view)],
  };
}

/** What the kinds of experiments of a run put on the screen. */
const partsOf = (view: ReportView): ScreenPart[] =>
  [
    // Who asks which one fits is not told of each difference.
    decisionPart(view) ?? comparisonPart(view),
    capacityPart(view),
    findingsPart(view),
    ...experimentParts(view),
    clusterPart(view),
  ].filter((part) => part !== undefined);

/** So many statements that every part has its say. */
const fairShare = (parts: readonly ScreenPart[], most: number): string[] =>
  parts.flatMap(({ sure }) => sure.slice(0, Math.max(1, Math.floor(most / parts.length))));

function scopeOf(view: ReportView): string {
  const { experiments, predictions, trials, results } = view;
  const targets = results.targets.filter(({ system }) => system.kind !== "cluster").length;
  const measured = results.cells.filter(({ state }) => state === "measured").length;
  const cells = results.cells.length;
  const parts = [
    ...(targets > 0 ? [plural(targets, "target")] : []),
    plural(experiments.length, "experiment"),
    ...(measured < cells ? [`${measured} of ${plural(cells, "cell")} measured`] : []),
    ...(trials > 0 ? [`${trialsInWords(view)} ${trials === 1 ? "trial" : "trials"}`] : []),
  ];
  return `${parts.join(", ")}${predictions.length === 0 ? "" : `; ${tallyOf(predictions)}`}.`;
}

function noticeOf({ results }: ReportView): string | undefined {
  if (results.cells.length === 0) return "Nothing was run, so there is nothing to tell.";
  const nothing = results.cells.every(({ state }) => state !== "measured") ? " Nothing was measured." : "";
  if (results.interrupted) {
    return `Interrupted: what is here was measured in full trials, the rest was not run.${nothing}`;
  }
  return nothing === "" ? undefined : nothing.trim();
}
