/** What a scenario asked of the targets, in words. */

import type { Parameters, ScenarioName } from "../../results/contract/results.ts";
import { formatCount, formatDuration, formatQuantity, plural } from "../../results/quantities/format.ts";
import type { ReportView } from "../view/view.ts";

/** One sentence per distinct set of parameters, which is one unless a run mixed them. */
export function describeLoad(view: ReportView, scenario: ScenarioName): string {
  const cells = view.results.cells.filter((cell) => cell.scenario === scenario);
  return [...new Set(cells.map(({ parameters }) => describeParameters(parameters)))].join(" ");
}

function describeParameters({
  load,
  connections,
  workers,
  payloadBytes,
  payloadKind,
  durationMs,
  warmupMs,
}: Parameters) {
  if (load === undefined) return `Nobody sends, for windows of ${formatDuration(durationMs)}.`;
  const what =
    load.kind === "open"
      ? `**Open loop**: ${formatQuantity(load.ratePerSecond, "perSecond")} offered over ${plural(connections, "connection")} by a schedule that waits for nobody`
      : `**Closed loop**: ${plural(load.inFlight, "message")} in flight on each of ${plural(connections, "connection")}; each answer releases the next message`;
  const generators = workers === 1 ? "" : ` from ${formatCount(workers)} load generators`;
  return `${what}${generators}. Payload ${payloadBytes} B (${payloadKind}), windows of ${formatDuration(durationMs)} after ${formatDuration(warmupMs)} of warm-up.`;
}
