import type { ReportView, TargetRow } from "../../view/view.ts";
import { rowsOf, type Section } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

/**
 * The section of an experiment with one cell per target, in place of the generic tables: one row per target. Where an
 * experiment has variants, or nothing was measured, the generic report says more.
 */
export const perTarget = (
  experiment: string,
  write: (view: ReportView, rows: readonly TargetRow[]) => Section,
): OwnSection => ({
  experiments: [experiment],
  replaces: true,
  write(view, { cells }) {
    const rows = rowsOf(view, experiment);
    const isWhole = rows.length === cells.length && cells.some(({ cell }) => cell.state === "measured");
    return isWhole ? write(view, rows) : undefined;
  },
});
