/** The matrix of the security experiment: rows are probes, columns are targets. */
import type { ProbeOutcome } from "../../results/contract/finding.ts";
import { probes } from "../../results/recording/findings.ts";
import { oneLine } from "../text/markdown.ts";
import { left } from "../text/table.ts";
import { plainColumns, widthOf } from "../text/wrap.ts";
import {
  builtInWords,
  givenInWords,
  type Probed,
  probedIn,
  securityExperiment,
  tellingProbes,
} from "../view/findings.ts";
import type { ReportView } from "../view/view.ts";
import type { ScreenCell, ScreenPart } from "./screen-table.ts";
import { shortNameWidth } from "./short-names.ts";

const cellsOf: Record<ProbeOutcome, ScreenCell> = {
  "refused-by-protocol": { text: "spec", tone: "good" },
  "refused-by-server": { text: "server", tone: "good" },
  accepted: { text: "build", tone: "doubt" },
  "not-applicable": { text: "–", tone: "quiet" },
  "left-out": { text: "?", tone: "quiet" },
};
const wordWidth = Math.max(...Object.values(cellsOf).map(({ text }) => widthOf(text)));

/** Undefined where nobody was probed. */
export function findingsPart({ experiments }: ReportView): ScreenPart | undefined {
  const experiment = experiments.find(({ info }) => info.name === securityExperiment);
  const probed = experiment === undefined ? [] : probedIn(experiment);
  if (probed.length === 0) return undefined;
  const labels = probed.map(labelOf);
  const isNarrow = labels.reduce((sum, label) => sum + 1 + Math.max(wordWidth, widthOf(label)), shortNameWidth);
  const heads = isNarrow <= plainColumns ? labels : labels.map((_, index) => String(index + 1));
  const table = {
    subject: "probe",
    columns: heads.map(left),
    rows: tellingProbes(probed).map((probe) => ({
      name: probes[probe].title,
      shortName: probes[probe].short,
      bar: undefined,
      cells: probed.map(({ findings }) => cellsOf[findings.get(probe)?.outcome ?? "left-out"]),
    })),
    legend: [
      ...(heads === labels ? [] : [{ text: labels.map((label, index) => `${index + 1} ${label}`).join(", ") }]),
      {
        text: "spec: refused as specified; server: refused by this server; build: let through, so an application builds it; –: nothing to attack; ?: not tried",
      },
    ],
  };
  return {
    table,
    sure: [builtInWords(probed, labelOf), givenInWords(probed, labelOf)].flatMap((sentences) => sentences.slice(0, 1)),
  };
}

/** As given on the command line: titles are too long for the head of a column. */
const labelOf = ({ view }: Probed): string => oneLine(view.target.label);
