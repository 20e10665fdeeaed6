/** What the experiments on a cluster mean for who must decide: which policy, which broker when, and how to run it. */
import { formatList } from "../../results/quantities/format.ts";
import type { Advice } from "../advice/advice.ts";
import { brokerChoiceAdvice, brokerNeedAdvice } from "../advice/broker-advice.ts";
import { type BrokerRows, brokerRowsOf } from "../advice/broker-rows.ts";
import { operatorsRules } from "../advice/operators-rules.ts";
import { policyAdvice } from "../advice/policy-advice.ts";
import type { ReportView } from "../view/view.ts";
import { brokerTable, emptyColumns } from "./broker-table.ts";
import type { Remedy, ScreenPart } from "./screen-table.ts";

/** Undefined where no cell is of a cluster. */
export function clusterPart(view: ReportView): ScreenPart | undefined {
  if (!view.results.cells.some(({ parameters }) => parameters.nodes !== undefined)) return undefined;
  const brokers = brokerRowsOf(view);
  const before = [policyAdvice(view), brokerNeedAdvice(view), brokerChoiceAdvice(brokers)];
  const after = operatorsRules(view);
  return {
    sure: [],
    advice: before.flatMap(said),
    table: brokerTable(brokers),
    rules: after.flatMap(said).map(({ text }) => text),
    notMeasured: remedies([...before, ...after], brokers),
  };
}

/** One command for all that nothing can be said about. */
function remedies(all: readonly Advice[], brokers: BrokerRows): Remedy[] {
  const open = [...all.flatMap((advice) => (advice.kind === "open" ? advice : [])), ...emptyColumns(brokers)];
  if (open.length === 0) return [];
  const experiments = [...new Set(open.map(({ experiment }) => experiment))];
  return [
    {
      text: formatList([...new Set(open.map(({ about }) => about))]),
      command: ["wirebench cluster", ...experiments.map((name) => `--experiment ${name}`)].join(" "),
    },
  ];
}

const said = (advice: Advice): Extract<Advice, { kind: "advice" }>[] => (advice.kind === "advice" ? [advice] : []);
