import type { MetricName } from "../../../results/metrics/metrics.ts";
import { metricNamed } from "../../../results/metrics/metrics.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { blocks, escapeText, oneLine } from "../../text/markdown.ts";
import type { Notes } from "../../text/notes.ts";
import { left, right } from "../../text/table.ts";
import { showEstimate } from "../../view/shown-estimate.ts";
import type { CellView } from "../../view/view.ts";
import { notedTable } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

/** Who says where a user was, and who still has what followed. */
const bringers: Readonly<Record<string, readonly [where: string, history: string]>> = {
  position: ["the protocol", "an application"],
  session: ["the protocol", "the server, with the session"],
  request: ["a request that is asked again", "the server, until it is confirmed"],
  application: ["an application", "an application"],
};

/** What a protocol brings of a resumption and what an application builds, beside what is lost without it. */
export const resumeSection: OwnSection = {
  experiments: ["resume"],
  write(_view, { cells }) {
    const targets = [...Map.groupBy(cells, ({ cell }) => cell.target).values()].flatMap((own) => {
      const [bare, resumed] = ["bare", "resumed"].map((name) => own.find(({ cell }) => cell.variant === name));
      return bare?.cell.state === "measured" && resumed?.cell.state === "measured" ? [{ bare, resumed }] : [];
    });
    if (targets.length === 0) return undefined;
    const table = notedTable((notes) => ({
      columns: [
        left("Target"),
        left("Who says where a user was"),
        left("Who has what followed"),
        right("Lost, bare"),
        right("Of it accepted"),
        right("Lost, resumed"),
        right("Goes on after, p50"),
      ],
      rows: targets.map(({ bare, resumed }) => [
        escapeText(oneLine(resumed.target.title)),
        ...(bringers[String(resumed.cell.parameters.settings.resumedBy)] ?? ["–", "–"]),
        shown(bare, "lostUpdates", notes),
        shown(bare, "acceptedThenLostUpdates", notes),
        shown(resumed, "lostUpdates", notes),
        shown(resumed, "recoveryP50Us", notes),
      ]),
    }));
    return { markdown: blocks("#### Who brings what", table), charts: [] };
  },
};

const shown = ({ cell }: CellView, metric: MetricName, notes: Notes): string =>
  showEstimate(estimateOf(cell, metric), metricNamed(metric).unit, notes, escapeText);
