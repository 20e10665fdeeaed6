import type { ClusterResults } from "../../results/contract/cluster-results.ts";
import { renderSvgs } from "../charts/render.ts";
import { clusterViewOf } from "../view/cluster-view.ts";
import { brokersSection } from "./sections/brokers.ts";
import { groupSections } from "./sections/groups.ts";
import { clusterHeadlineSection } from "./sections/headline.ts";
import { clusterMethodSection } from "./sections/method.ts";
import { predictionsSection } from "./sections/predictions.ts";
import type { ClusterSectionWriter } from "./sections/section.ts";
import { clusterValiditySection } from "./sections/validity.ts";
import { clusterRunSection } from "./sections/what-was-run.ts";

export { renderClusterSummary } from "./terminal-summary.ts";

const sections: readonly ClusterSectionWriter[] = [
  clusterHeadlineSection,
  clusterRunSection,
  predictionsSection,
  groupSections,
  brokersSection,
  clusterValiditySection,
  clusterMethodSection,
];

/**
 * Every file of a report by name: `report.md` and the charts it shows. The same results give the same bytes.
 * Nothing is written.
 */
export async function renderClusterReport(results: ClusterResults): Promise<Map<string, string>> {
  const view = clusterViewOf(results);
  const written = sections.flatMap((write) => write(view) ?? []);
  const markdown = `${written.map((section) => section.markdown).join("\n\n")}\n`;
  return new Map([["report.md", markdown], ...(await renderSvgs(written.flatMap(({ charts }) => charts)))]);
}
