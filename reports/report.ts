/** Results as a report. An experiment nobody has heard of is reported too: what stands here is the order, not the list. */
import type { Results } from "../results/contract/results.ts";
import { renderSvgs } from "./charts/render.ts";
import { atAGlanceSection } from "./sections/at-a-glance.ts";
import { brokersSection } from "./sections/brokers.ts";
import { claimsSection } from "./sections/claims.ts";
import { costSection } from "./sections/cost.ts";
import { deliverySection } from "./sections/delivery.ts";
import { differencesSection } from "./sections/differences.ts";
import { experimentsSection } from "./sections/experiments/experiments.ts";
import { firstScreenSection } from "./sections/first-screen.ts";
import { methodSection } from "./sections/method.ts";
import { ownSections } from "./sections/own/sections.ts";
import type { SectionWriter } from "./sections/section.ts";
import { serversSection } from "./sections/servers.ts";
import { tlsCostSection } from "./sections/tls-cost.ts";
import { validitySection } from "./sections/validity.ts";
import { whatWasRunSection } from "./sections/what-was-run.ts";
import { folded } from "./text/folding.ts";
import { viewOf } from "./view/view.ts";

export { renderSummary } from "./screen/terminal.ts";

const sections: readonly SectionWriter[] = [
  firstScreenSection,
  atAGlanceSection,
  differencesSection,
  experimentsSection(ownSections),
  costSection,
  tlsCostSection,
  claimsSection,
  brokersSection,
  deliverySection,
  validitySection,
  whatWasRunSection,
  serversSection,
  methodSection,
];

/** Who asked for claims reads them first. */
const ordered = ({ claimsAsked }: Results): readonly SectionWriter[] =>
  claimsAsked === undefined
    ? sections
    : [
        firstScreenSection,
        claimsSection,
        ...sections.filter((one) => one !== firstScreenSection && one !== claimsSection),
      ];

/**
 * Every file of a report by name: `report.md` and the charts it shows. The same results give the same bytes.
 * Nothing is written.
 */
export async function renderReport(results: Results): Promise<Map<string, string>> {
  const view = viewOf(results);
  const written = ordered(results).flatMap((write) => write(view) ?? []);
  const openParts = results.claimsAsked === undefined ? 0 : 1;
  const markdown = `${folded(written.map((section) => section.markdown).join("\n\n"), openParts)}\n`;
  return new Map([["report.md", markdown], ...(await renderSvgs(written.flatMap(({ charts }) => charts)))]);
}
