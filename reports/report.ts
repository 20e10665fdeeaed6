/** Results as a report. An experiment nobody has heard of is reported too: what stands here is the order, not the list. */
import type { Results } from "../results/contract/results.ts";
import { renderSvgs } from "./charts/render.ts";
import { atAGlanceSection } from "./sections/at-a-glance.ts";
import { brokersSection } from "./sections/brokers.ts";
import { clusterHeadline } from "./sections/cluster-headline.ts";
import { costSection } from "./sections/cost.ts";
import { deliverySection } from "./sections/delivery.ts";
import { experimentsSection } from "./sections/experiments/experiments.ts";
import { comparisonHeadline } from "./sections/headline.ts";
import { methodSection } from "./sections/method.ts";
import { openingSection } from "./sections/opening.ts";
import { capacityHeadline } from "./sections/own/capacity.ts";
import { ownSections } from "./sections/own/sections.ts";
import { predictionsSection } from "./sections/predictions.ts";
import type { SectionWriter } from "./sections/section.ts";
import { validitySection } from "./sections/validity.ts";
import { whatWasRunSection } from "./sections/what-was-run.ts";
import { viewOf } from "./view/view.ts";

export { renderSummary } from "./terminal/terminal-summary.ts";

const sections: readonly SectionWriter[] = [
  openingSection([comparisonHeadline, capacityHeadline, clusterHeadline]),
  atAGlanceSection,
  whatWasRunSection,
  experimentsSection(ownSections),
  costSection,
  predictionsSection,
  brokersSection,
  deliverySection,
  validitySection,
  methodSection,
];

/**
 * Every file of a report by name: `report.md` and the charts it shows. The same results give the same bytes.
 * Nothing is written.
 */
export async function renderReport(results: Results): Promise<Map<string, string>> {
  const view = viewOf(results);
  const written = sections.flatMap((write) => write(view) ?? []);
  const markdown = `${written.map((section) => section.markdown).join("\n\n")}\n`;
  return new Map([["report.md", markdown], ...(await renderSvgs(written.flatMap(({ charts }) => charts)))]);
}
