import type { Results } from "../results/contract/results.ts";
import { renderSvgs } from "./charts/render.ts";
import { atAGlanceSection } from "./sections/at-a-glance.ts";
import { capacityHeadlineSection, capacitySection, renderCapacitySummary } from "./sections/capacity.ts";
import { costSection } from "./sections/cost.ts";
import { deliverySection } from "./sections/delivery.ts";
import { duplexSection } from "./sections/duplex.ts";
import { echoSection } from "./sections/echo.ts";
import { headlineSection } from "./sections/headline.ts";
import { idleSection } from "./sections/idle.ts";
import { methodSection } from "./sections/method.ts";
import type { SectionWriter } from "./sections/section.ts";
import { throughputSection } from "./sections/throughput.ts";
import { validitySection } from "./sections/validity.ts";
import { whatWasRunSection } from "./sections/what-was-run.ts";
import { renderSummary as renderComparison } from "./terminal/terminal-summary.ts";
import { viewOf } from "./view/view.ts";

/** The comparison, or the capacities, as a terminal shows them. */
export const renderSummary = (results: Results): string =>
  results.capacities === undefined ? renderComparison(results) : renderCapacitySummary(viewOf(results));

const sections: readonly SectionWriter[] = [
  headlineSection,
  atAGlanceSection,
  whatWasRunSection,
  echoSection,
  throughputSection,
  duplexSection,
  costSection,
  idleSection,
  deliverySection,
  validitySection,
  methodSection,
];

/** A knee search compares nothing at one rate, so most sections have nothing to look at. */
const capacitySections: readonly SectionWriter[] = [
  capacityHeadlineSection,
  whatWasRunSection,
  capacitySection,
  methodSection,
];

/**
 * Every file of a report by name: `report.md` and the charts it shows. The same results give the same bytes.
 * Nothing is written.
 */
export async function renderReport(results: Results): Promise<Map<string, string>> {
  const view = viewOf(results);
  const writers = results.capacities === undefined ? sections : capacitySections;
  const written = writers.flatMap((write) => write(view) ?? []);
  const markdown = `${written.map((section) => section.markdown).join("\n\n")}\n`;
  return new Map([["report.md", markdown], ...(await renderSvgs(written.flatMap(({ charts }) => charts)))]);
}
