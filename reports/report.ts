import { renderSvgs } from "./charts/render.ts";
import type { Results } from "./results.ts";
import { atAGlanceSection } from "./sections/at-a-glance.ts";
import { costSection } from "./sections/cost.ts";
import { deliverySection } from "./sections/delivery.ts";
import { duplexSection } from "./sections/duplex.ts";
import { echoSection } from "./sections/echo.ts";
import { headlineSection } from "./sections/headline.ts";
import { methodSection } from "./sections/method.ts";
import type { SectionWriter } from "./sections/section.ts";
import { throughputSection } from "./sections/throughput.ts";
import { validitySection } from "./sections/validity.ts";
import { whatWasRunSection } from "./sections/what-was-run.ts";
import { viewOf } from "./view.ts";

export { renderSummary } from "./terminal-summary.ts";

const sections: readonly SectionWriter[] = [
  headlineSection,
  atAGlanceSection,
  whatWasRunSection,
  echoSection,
  throughputSection,
  duplexSection,
  costSection,
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
