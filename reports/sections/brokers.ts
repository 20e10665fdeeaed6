/** What the brokers promise, beside what was measured. */
import { usable } from "../../results/contract/cells.ts";
import type { BrokerInfo } from "../../results/contract/results.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable } from "../text/table.ts";
import { wordsOf } from "../view/shown-estimate.ts";
import { type CellView, comparesBrokers, type ExperimentView, type ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

const survived = { nothing: "nothing", process: "a kill of its process", machine: "a crash of its machine" } as const;

/** Those that protect alike stand together, the least first. */
const byProtection = (one: BrokerInfo, other: BrokerInfo): number => rank(one) - rank(other);

const rank = ({ durability }: BrokerInfo): number =>
  durability === undefined ? -1 : Object.keys(survived).indexOf(durability.survives);

const orders = { total: "the same for all nodes", "per-publisher": "that of each publisher" } as const;

export function brokersSection(view: ReportView): Section | undefined {
  const { brokers = [] } = view.results;
  if (brokers.length === 0) return undefined;
  const promises = renderMarkdownTable({
    columns: [
      left("Broker"),
      left("What it acknowledged survives"),
      left("Synced to disk"),
      left("Copies when acknowledged"),
      left("Lost when it is killed"),
      left("Lost when its machine crashes"),
      left("Delivery"),
      left("Order"),
    ],
    rows: [...brokers]
      .sort(byProtection)
      .map(({ title, delivery, order, outage, crash = "–", durability }) => [
        escapeText(title),
        durability === undefined ? "unknown" : survived[durability.survives],
        durability?.fsync ?? "unknown",
        durability === undefined ? "unknown" : `${durability.acknowledgedBy} of ${durability.replicas}`,
        escapeText(outage),
        escapeText(crash),
        delivery.replaceAll("-", " "),
        orders[order],
      ]),
  });
  return textSection(
    blocks(
      "## Brokers: promised and measured",
      "What a node may count on, as the broker's program was started. Compare speed and CPU time only between brokers that protect alike: a sync or a second copy costs time.",
      promises,
      measured(view),
      "### How to read this",
      bullets([
        "**At most once** means that what cannot be delivered now is never delivered: cheap, and silent about it. **At least once** means that a message can be asked for again, so a node that was away can catch up, and that one may come twice.",
        "**Synced to disk** says when what the broker was given reaches its disk. *By the kernel* means that it is written before it is acknowledged, so that a killed process loses nothing, and that nobody waits for the disk.",
        "What survives **nothing** leaves a gap after an outage, and the best a node can do is to say so. What is kept lets a node, or a user, that comes back say how far it had read and get the rest.",
        "None of them is exactly once up to the user: whoever needs that numbers the messages and drops what it has seen.",
      ]),
    ),
  );
}

/** One column per experiment that compares brokers. */
function measured(view: ReportView): string | undefined {
  const columns = view.experiments.filter(
    (experiment) => comparesBrokers(experiment) && experiment.cells.some((cell) => deliveryOf(cell) !== undefined),
  );
  if (columns.length === 0) return undefined;
  const brokers = [
    ...new Set(columns.flatMap(({ cells }) => cells.flatMap(({ cell }) => cell.parameters.broker ?? []))),
  ];
  return blocks(
    "Measured, of the deliveries owed:",
    renderMarkdownTable({
      columns: [left("Broker"), ...columns.map(({ info }) => left(escapeText(info.title)))],
      rows: brokers.map((broker) => [
        escapeText(view.brokerTitle(broker)),
        ...columns.map((experiment) => inExperiment(experiment, broker)),
      ]),
    }),
  );
}

function inExperiment({ cells }: ExperimentView, broker: string): string {
  const mine = cells.filter(({ cell }) => cell.parameters.broker === broker);
  if (mine.length === 0) return "–";
  return mine
    .map((cell) => {
      const words = deliveryOf(cell) ?? whyNot(cell);
      return mine.length === 1 ? words : `${escapeText(cell.name)}: ${words}`;
    })
    .join("; ");
}

const whyNot = ({ cell }: CellView): string =>
  cell.state !== "measured" ? cell.state.replace("-", " ") : usable(cell) === undefined ? "invalid" : "–";

/** `97.3 %, lost 12 silent, 30 declared`. */
function deliveryOf(cell: CellView): string | undefined {
  const delivered = wordsOf(cell, "deliveredFraction");
  if (delivered === undefined) return undefined;
  const losses = (
    [
      ["silentLossDeliveries", "silent"],
      ["declaredLossDeliveries", "declared"],
    ] as const
  ).flatMap(([metric, word]) => {
    const words = wordsOf(cell, metric);
    return words === undefined || words === "0" ? [] : [`${words} ${word}`];
  });
  return losses.length === 0 ? delivered : `${delivered}, lost ${losses.join(", ")}`;
}
