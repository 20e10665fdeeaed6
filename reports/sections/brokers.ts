/** What the brokers promise, as they were started. */
import type { BrokerInfo } from "../../results/contract/results.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable } from "../text/table.ts";
import type { ReportView } from "../view/view.ts";
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
      "## Brokers: what they promise",
      "What a node may count on, as the broker's program was started. Compare speed and CPU time only between brokers that protect alike: a sync or a second copy costs time.",
      promises,
      bullets([
        "**At most once**: what cannot be delivered now never is. **At least once**: it can be asked for again, and may come twice. None is exactly once up to the user: whoever needs that numbers the messages and drops what it has seen.",
        "**By the kernel**: written before it is acknowledged, so that a killed process loses nothing, and nobody waits for the disk. What survives **nothing** leaves a gap after an outage; the best a node can do is to say so.",
      ]),
    ),
  );
}
