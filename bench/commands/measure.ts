/** What all commands that measure have in common: cells are made, measured, saved while that goes on, and reported. */

import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { renderHistogramLog } from "../../reports/histogram-log.ts";
import { renderReport, renderSummary } from "../../reports/report.ts";
import { renderTables, type TerminalLook } from "../../reports/screen/terminal.ts";
import type { Results } from "../../results/contract/results.ts";
import type { CellPlan, Experiment } from "../experiments/contract/experiment.ts";
import type { SettingName } from "../experiments/contract/request.ts";
import { enterNetem } from "../links/netem.ts";
import type { PlannedCell } from "../run/cell-state.ts";
import { cellsOf, type Part } from "../run/parts.ts";
import { type RunPlan, run } from "../run/runner.ts";
import { exitCodeOf, whyNothing } from "./exit-codes.ts";
import { interruptSignal } from "./interrupt.ts";
import { lookOf } from "./look.ts";
import { defaultOutputFolder, OutputFolder } from "./output.ts";
import { Progress } from "./progress.ts";

export interface Selection extends Omit<RunPlan, "cells"> {
  readonly parts: readonly Part[];
  /** Settings the user gave, with the flags that gave them. */
  readonly given: readonly { readonly flag: string; readonly settings: readonly SettingName[] }[];
  readonly out?: string | undefined;
  /** A file for every raw histogram. */
  readonly trace?: string | undefined;
  /** Said before anything starts, to who waits. */
  readonly announce?: (cells: readonly PlannedCell[]) => string;
  /** What a terminal shows: at the end, and while it goes on. Absent: the first screen of a report, and its tables. */
  readonly view?: ResultsView;
}

export interface ResultsView {
  readonly summary: (results: Results, look: TerminalLook) => string;
  readonly live: (results: Results, look: TerminalLook) => string[];
}

const firstScreen: ResultsView = { summary: renderSummary, live: renderTables };

/** Resolves with the exit code. Everything is decided before anything starts: a mistake of the caller ends here. */
export async function measure(selection: Selection): Promise<number> {
  const { parts, given, out, trace, announce, view, ...plan } = selection;
  refuseUnfollowed(
    parts.map(({ experiment }) => experiment),
    given,
  );
  const cells = cellsOf(parts);
  const link = parts.map(({ request }) => request.traffic.link).find((one) => one?.by !== undefined);
  if (link !== undefined) {
    refuseBeyondLink(cells.map(({ cell }) => cell));
    const exitCode = await enterNetem(link);
    if (exitCode !== undefined) return exitCode;
  }
  const output = new OutputFolder(out ?? defaultOutputFolder(new Date()));
  const traceFile = trace === undefined ? undefined : OutputFolder.ofFile(trace);
  const { summary, live } = view ?? firstScreen;
  if (announce !== undefined) process.stderr.write(`${announce(cells)}\n`);
  const saves = (results: Results): void => saveOrWarn(output, results, progress);
  const progress: Progress = new Progress({ ...plan, cells, tables: live }, saves);
  using interrupt = interruptSignal(
    "Stopping: what is measured so far will be written. Press Ctrl-C again to end at once.",
    progress,
  );
  const results = await run({ ...plan, cells }, progress, interrupt.signal).finally(() => progress.done());

  process.stdout.write(`${summary(results, lookOf(process.stdout))}\n`);
  output.writeResults(results);
  for (const [name, content] of await renderReport(results)) output.write(name, content);
  if (traceFile !== undefined) traceFile.folder.write(traceFile.name, renderHistogramLog(results));
  process.stdout.write(`Report: ${output.path}/report.md\n`);
  const nothing = whyNothing(results);
  if (nothing !== undefined) process.stdout.write(`${nothing}\n`);
  return exitCodeOf(results);
}

/** A kernel that emulates the link does so for everything there. */
function refuseBeyondLink(cells: readonly CellPlan[]): void {
  const near = cells.find(({ parameters }) => parameters.link?.by === undefined);
  const far = cells.find(({ target }) => target.system.kind === "external");
  if (near === undefined && far === undefined) return;
  const why =
    far === undefined
      ? "experiments measured over the link as a whole, and one has cells on loopback or over links of its own"
      : `servers started by wirebench, and ${far.target.label} runs elsewhere`;
  throw new WirebenchError("usage", `by=netem is for ${why}`, { hint: "leave it out: a relay then emulates the link" });
}

/** An option that no chosen experiment follows is a misunderstanding, not a wish. */
function refuseUnfollowed(experiments: readonly Experiment[], given: Selection["given"]): void {
  const followed = new Set(experiments.flatMap(({ follows }) => follows));
  const idle = given.find(({ settings }) => !settings.some((setting) => followed.has(setting)));
  if (idle === undefined) return;
  const names = experiments.map(({ name }) => name).join(", ");
  throw new WirebenchError("usage", `${idle.flag} has no effect on ${names}`, {
    hint: "leave it out, or add an experiment that follows it",
  });
}

/** A full disk must not end a run: what is measured stays in memory, and the next trial's end tries again. */
function saveOrWarn(output: OutputFolder, results: Results, progress: Progress): void {
  try {
    output.writeResults(results);
  } catch (error) {
    progress.say(`not saved    ${describeError(error)}; trying again after the next trial`);
  }
}
