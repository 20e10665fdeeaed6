/** What a reader of a comparison should know of the two files it comes from. */
import { cellKey } from "../contract/cells.ts";
import type { Results } from "../contract/results.ts";
import { metricNamed } from "../metrics/metrics.ts";
import { formatQuantity, plural } from "../quantities/format.ts";
import { cpuContentionOf, describeCpuContention } from "../validity/cpu-contention.ts";
import type { Change } from "./regression.ts";

/** Each a sentence that names its file. */
export function warningsOn(before: Results, after: Results, changes: readonly Change[]): string[] {
  return [
    ...referenceWarnings(before, after, changes),
    ...warningsIn(before).map((warning) => `A: ${warning}`),
    ...warningsIn(after).map((warning) => `B: ${warning}`),
  ];
}

/** What both files set their targets against: if that changed, everything may have. */
function referenceWarnings(before: Results, after: Results, changes: readonly Change[]): string[] {
  const [reference, other] = [before, after].map(({ comparisons }) => comparisons[0]?.reference);
  if (reference === undefined || reference !== other) return [];
  const moved = changes.filter(
    ({ target, verdict }) => target === reference && (verdict === "faster" || verdict === "slower"),
  );
  if (moved.length === 0) return [];
  const numbers = moved.map(
    ({ metric, ratio }) => `${metricNamed(metric).title} ${formatQuantity(ratio.value, "ratio")}`,
  );
  return [
    `the reference of both, ${reference}, changed itself (${numbers.join(", ")}): the machine, or what all targets share, may be the cause`,
  ];
}

/** Of a busy machine once, of everything else once for each kind of warning. */
function warningsIn({ cells }: Results): string[] {
  const flags = cells.flatMap((cell) =>
    cell.state === "measured"
      ? cell.validity.flags
          .filter(({ severity, code }) => severity === "warning" && code !== "cpu-contention")
          .map((flag) => ({ ...flag, cell: cellKey(cell) }))
      : [],
  );
  const contention = describeCpuContention(cpuContentionOf(cells));
  return [
    ...(contention === undefined ? [] : [contention]),
    ...[...Map.groupBy(flags, ({ code }) => code).values()].map((own) => {
      const [first, ...others] = [...new Map(own.map((flag) => [flag.cell, flag])).values()];
      const more = others.length === 0 ? "" : ` (and ${plural(others.length, "other cell")})`;
      return `${first!.cell}${more}: ${first!.message}`;
    }),
  ];
}
