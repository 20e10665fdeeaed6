/** Whether a broker is needed, and which one when. */
import { formatList } from "../../results/quantities/format.ts";
import type { CellView, ReportView } from "../view/view.ts";
import { type Advice, cellsOf, cellsWith, numberOf, open, shown } from "./advice.ts";
import type { BrokerNumber, BrokerRow } from "./broker-rows.ts";

const about = "Broker";
const delivered = "deliveredFraction";
const broadcast = "broadcast";

/** What arrives of a broadcast without a broker, and with each. */
export function brokerNeedAdvice(view: ReportView): Advice {
  const cells = cellsWith(view, broadcast, delivered);
  const alone = cells.find(({ cell }) => cell.parameters.broker === "none");
  // The first of a broker's cells has it as it should be used; without a number of that, none of its others stands for it.
  const planned = [...Map.groupBy(cellsOf(view, broadcast), ({ cell }) => cell.parameters.broker ?? "none")]
    .filter(([broker]) => broker !== "none")
    .map(([broker, [first]]) => ({ title: view.brokerTitle(broker), cell: first! }));
  const perBroker = planned.filter(({ cell }) => cells.includes(cell));
  if (alone === undefined || perBroker.length === 0) return open("need of a broker", broadcast);
  const least = Math.min(...perBroker.map(({ cell }) => numberOf(cell, delivered).low));
  const isNeeded = numberOf(alone, delivered).high < least;
  const verdict = isNeeded ? "needed" : "no better than none here";
  return {
    kind: "advice",
    about,
    text: `${verdict}: ${shown(alone, delivered)} of a broadcast arrives without, ${withBrokers(perBroker, perBroker.length === planned.length)}.`,
  };
}

/** `100 % with any`, or who brings how much: `any` only if all that were to be measured were. */
function withBrokers(perBroker: readonly { readonly title: string; readonly cell: CellView }[], all: boolean): string {
  const byShare = [...Map.groupBy(perBroker, ({ cell }) => shown(cell, delivered))];
  const [[share, alike] = ["", []]] = byShare;
  if (byShare.length === 1 && (all || alike.length === 1))
    return `${share} with ${alike.length > 1 ? "any" : alike[0]!.title}`;
  return byShare.map(([each, own]) => `${each} with ${formatList(own.map(({ title }) => title))}`).join(", ");
}

/** Which broker when, by what was lost: of nobody who was not watched losing or keeping is anything said. */
export function brokerChoiceAdvice({ rows }: { readonly rows: readonly BrokerRow[] }): Advice {
  const judged = rows.map((row) => ({ row, missed: high(row.missedAway), lost: high(row.acceptedThenLost) }));
  const missing = judged.filter(({ missed, lost }) => (missed ?? 0) > 0 || (lost ?? 0) > 0);
  const keeping = judged.filter(({ missed, lost }) => missed === 0 && (lost ?? 0) === 0);
  if (missing.length + keeping.length === 0) return open("choice of a broker", "node-kill");
  const unknown = judged.flatMap(({ row, missed }) => (missed === undefined ? [row] : []));
  const names = (some: typeof judged): string => some.map(({ row }) => row.title).join(", ");
  const unlucky = missing.filter(({ missed, lost }) => missed === 0 && (lost ?? 0) > 0);
  const unwatched = keeping.some(({ lost }) => lost === undefined) ? " (broker killed: unknown)" : "";
  const sentences = [
    ...(missing.length > unlucky.length
      ? [`Misses tolerable: ${names(missing.filter((found) => !unlucky.includes(found)))}`]
      : []),
    keeping.length > 0
      ? `If not: ${names(keeping)} with resume, which lost nothing${unwatched}`
      : unknown.length > 0
        ? `If not: unknown, no valid number of ${formatList(unknown.map(({ title }) => title))}`
        : "If not: none, each lost something",
    ...(unlucky.length > 0 ? [`${names(unlucky)} lost what it had accepted`] : []),
  ];
  return { kind: "advice", about, text: `${sentences.join(". ")}.` };
}

/** The worst trial: nothing is lost only if nothing was in any. */
const high = ({ estimate }: BrokerNumber): number | undefined =>
  estimate.kind === "value" ? estimate.interval.high : undefined;
