/** Which target fits an application. */
import type { Decision } from "../../results/decision/decision.ts";
import { perUsers } from "../../results/decision/profile-options.ts";
import { formatCount, formatList, formatQuantity } from "../../results/quantities/format.ts";
import { type Estimate, signOf } from "../../results/summary/estimate.ts";
import { oneLine } from "../text/markdown.ts";
import { left, right } from "../text/table.ts";
import {
  choiceInWords,
  type DecisionRow,
  decisionsOf,
  flipInWords,
  scaleInWords,
  weightsInWords,
} from "../view/decision.ts";
import type { ReportView } from "../view/view.ts";
import type { ScreenPart } from "./screen-table.ts";
import { shortNamesOf } from "./short-names.ts";

const flipsMax = 2;

/** Undefined where no profile was measured, or several, which the report has one by one. */
export function decisionPart(view: ReportView): ScreenPart | undefined {
  const [found, ...others] = decisionsOf(view);
  if (found === undefined || others.length > 0) return undefined;
  const { profile, rows, flips, decision } = found;
  const short = shortNamesOf(rows.map(({ name }) => name));
  const table = {
    subject: "target",
    columns: [...["score", "p50", "p99", "bytes/h", "cores", "memory"].map(right), left("build")],
    rows: rows.map((row) => ({
      name: row.name,
      shortName: short.get(row.name)!,
      bar: undefined,
      cells: cellsOf(row),
    })),
    legend: [
      {
        text: `score: weighted geometric mean of the costs, over that of the first, as an interval; p50, p99: from due to arrival, ${profile.feels}; bytes/h: of a user, above TCP; cores, memory: for ${formatCount(perUsers)} users`,
      },
      {
        text: "build: Login, Presence, Acknowledgement, Resume that the application needs and the protocol has not",
        column: "build",
      },
    ],
  };
  const said = (about: string, text: string) => ({ about, text });
  const [flip] = flips;
  return {
    advice: [
      said("Choose", `${choiceInWords(found)}, for ${oneLine(profile.title)}.`),
      said("Weights", `${weightsInWords(profile)}.`),
      ...(flip === undefined
        ? []
        : [
            said(
              "Flips",
              `first is ${flips
                .slice(0, flipsMax)
                .map((one) => flipInWords(one, profile))
                .join("; ")}.`,
            ),
          ]),
      said("Measured", `${scaleInWords(found)}.`),
    ],
    table,
    sure: [],
    ...(decision.unranked.length > 0 && { unsure: { text: unrankedInWords(decision.unranked) } }),
    ...(decision.unknown.length > 0 && {
      notMeasured: decision.unknown.map((criterion) => ({ text: `${criterion} of any target` })),
    }),
  };
}

/** `WebSocket is not ranked: tail is not known.` */
const unrankedInWords = (unranked: Decision["unranked"]): string =>
  `${unranked.map(({ option, lacks }) => `${option.name} is not ranked: ${formatList(lacks)} ${lacks.length === 1 ? "is" : "are"} not known`).join("; ")}.`;

function cellsOf({ score, costs, builds, isFirst }: DecisionRow) {
  const text = (estimate: Estimate, format: (value: number) => string): { text: string } => ({
    text: estimate.kind === "value" ? signOf(estimate.bound).trim() + format(estimate.interval.value) : "–",
  });
  return [
    {
      text: score === undefined ? "–" : `${score.low.toFixed(2)}–${score.high.toFixed(2)}`,
      ...(isFirst && { tone: "good" as const }),
    },
    text(costs.delay, (value) => formatQuantity(value, "us")),
    text(costs.tail, (value) => formatQuantity(value, "us")),
    text(costs.bytes, (value) => formatQuantity(value, "memory")),
    text(costs.cpu, (value) => String(Number(value.toPrecision(2)))),
    text(costs.memory, (value) => formatQuantity(value, "memory")),
    { text: builds.length === 0 ? "–" : builds.map((need) => need[0]!.toUpperCase()).join("") },
  ];
}
