/** What a protocol needs configured in a proxy, as it was found by trying. */
import { completeTrials, measured } from "../../results/contract/cells.ts";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { type WayFindings, wayFindingsOf } from "../../results/recording/way-findings.ts";
import { middleOf } from "./shown-estimate.ts";
import type { CellView } from "./view.ts";

export interface ProxyRow {
  readonly view: CellView;
  readonly findings: WayFindings;
}

/** What a setting does, chance does not decide: the last trial stands for all. */
export const proxyRowsOf = (cells: readonly CellView[]): ProxyRow[] =>
  cells.flatMap((view) => {
    const cell = measured(view.cell);
    const trial = cell && completeTrials(cell).at(-1);
    return trial === undefined ? [] : [{ view, findings: wayFindingsOf(trial) }];
  });

/** The middle of the trials, or a dash. */
export function middleInWords(view: CellView, metric: MetricName): string {
  const value = middleOf(view, metric);
  return value === undefined ? "–" : formatQuantity(value, metricNamed(metric).unit);
}

/** What becomes of messages in a proxy as it is shipped. */
export function asShipped({ findings: { found } }: ProxyRow): "carries nothing" | "holds events up" | "carries it" {
  if (found.get("shipped-message")?.outcome !== "works") return "carries nothing";
  return found.get("shipped-event")?.outcome === "works" ? "carries it" : "holds events up";
}

/** The names of the settings of the smallest combination that works; undefined where none was found. */
export function settingsNeeded({ findings: { settings }, view }: ProxyRow): string[] | undefined {
  if (settings.length > 0) return settings.map(({ name }) => name);
  return middleOf(view, "proxySettingsNeeded") === 0 ? [] : undefined;
}
