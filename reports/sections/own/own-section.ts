/** What an experiment may add to the generic report of its cells: its own tables, figures and words. One file, one line. */
import type { ExperimentView, ReportView } from "../../view/view.ts";
import type { Section } from "../section.ts";

export interface OwnSection {
  /** Names of the experiments it is about. */
  readonly experiments: readonly string[];
  /**
   * Stands under the experiment's title and question, in place of the generic tables where `replaces` is set, else below
   * them. Undefined where it has nothing to say.
   */
  readonly write: (view: ReportView, experiment: ExperimentView) => Section | undefined;
  readonly replaces?: true;
}
