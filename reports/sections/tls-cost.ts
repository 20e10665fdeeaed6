/** What TLS costs: every target that speaks it beside the same one without it, in whatever they were both measured. */
import type { Cell, TargetInfo } from "../../results/contract/results.ts";
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { judgePair, sampleOf } from "../../results/summary/comparison.ts";
import { estimateOf } from "../../results/summary/estimate.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import type { Notes } from "../text/notes.ts";
import { left, right } from "../text/table.ts";
import { showEstimate } from "../view/shown-estimate.ts";
import { formatRatio } from "../view/verdict-in-words.ts";
import type { ReportView, TargetRow } from "../view/view.ts";
import { capitalised, notedTable, type Section, textSection } from "./section.ts";

/** Name of the option a target speaks TLS by. */
const option = "tls";

/** What of a message and of a connection TLS adds to. `once`: the load makes no difference to it. */
const quantities: readonly { readonly metric: MetricName; readonly once?: true }[] = [
  { metric: "serverCpuUsPerMessage" },
  { metric: "generatorCpuUsPerMessage" },
  { metric: "wireBytesPerMessage", once: true },
  { metric: "connectP50Us", once: true },
  { metric: "wireBytesPerConnection", once: true },
  { metric: "memoryBytesPerConnection", once: true },
];

interface Pair {
  readonly plain: TargetRow;
  readonly secured: TargetRow;
}

/** Undefined where no target was measured both with TLS and without. */
export function tlsCostSection(view: ReportView): Section | undefined {
  const pairs = pairsIn(view.rows).filter(({ plain, secured }) =>
    quantities.some(({ metric }) => bothKnow(view, plain, secured, metric).length > 0),
  );
  if (pairs.length === 0) return undefined;
  const table = notedTable((notes) => ({
    columns: [left("Target"), left("Quantity"), right("Without TLS"), right("With TLS"), right("Ratio")],
    rows: pairs.flatMap((pair) => rowsOfPair(view, pair, notes)),
  }));
  return textSection(
    blocks(
      "## What TLS costs",
      "Each target that speaks TLS beside the same one that does not: one server, one behaviour, one client. Ratios are paired by the number of the trial ([method](#method-and-limits)).",
      table,
      "### How to read this",
      bullets([
        "TLS 1.3 puts what is written at once into records, each 22 bytes longer than what is in it (a header of 5, the inner type of 1, a tag of 16): so many per write and direction, whatever the protocol, and the smaller the message, the larger the share.",
        "CPU per message is encryption and the work around it, not the handshake: connections are open by then.",
        "A connection pays for one more round trip, two more before that where TLS is asked for within the stream (STARTTLS), and for a key exchange, a signature and its check. On loopback a round trip takes next to nothing; a network, or an emulated link, adds its own to each.",
        "The certificate is one of its own without a chain, and small; that of a public server has one or two others behind it, all of which a client receives and checks.",
      ]),
    ),
  );
}

/** Targets that differ in nothing else. */
function pairsIn(rows: readonly TargetRow[]): Pair[] {
  const plain = new Map(
    rows.flatMap((row) => (row.info.options[option] === undefined ? [[identityOf(row.info), row] as const] : [])),
  );
  return rows.flatMap((secured) => {
    const found = secured.info.options[option] === undefined ? undefined : plain.get(identityOf(secured.info));
    return found === undefined ? [] : [{ plain: found, secured }];
  });
}

/** All that makes a target, but for TLS. */
function identityOf({ protocol, options, system }: TargetInfo): string {
  const others = Object.entries(options).filter(([name]) => name !== option);
  return JSON.stringify([protocol, others.toSorted(([a], [b]) => (a < b ? -1 : 1)), system]);
}

function rowsOfPair(view: ReportView, { plain, secured }: Pair, notes: Notes): string[][] {
  const lines = quantities.flatMap(({ metric, once }) => {
    const measured = bothKnow(view, plain, secured, metric);
    return (once ? measured.slice(0, 1) : measured).map(({ info, cells: [before, after] }) => [
      `${capitalised(metricNamed(metric).title)}, ${info.name}`,
      ...[before, after].map((cell) =>
        showEstimate(estimateOf(cell, metric), metricNamed(metric).unit, notes, escapeText),
      ),
      ratioOf(after!, before!, metric),
    ]);
  });
  return lines.map(([quantity, ...rest], index) => [
    index === 0 ? escapeText(secured.name) : "″",
    escapeText(quantity!),
    ...rest,
  ]);
}

/** Experiments in which it was measured of both, with the cells. */
const bothKnow = (view: ReportView, plain: TargetRow, secured: TargetRow, metric: MetricName) =>
  view.experiments.flatMap(({ info }) => {
    const cells = [plain.cells.get(info.name), secured.cells.get(info.name)] as const;
    return isKnown(cells[0], metric) && isKnown(cells[1], metric) ? [{ info, cells }] : [];
  });

const isKnown = (cell: Cell | undefined, metric: MetricName): boolean => estimateOf(cell, metric).kind === "value";

function ratioOf(after: Cell, before: Cell, name: MetricName): string {
  const metric = metricNamed(name);
  const [target, base] = [sampleOf(after, metric), sampleOf(before, metric)];
  const judgement = target && base && judgePair(metric, target, base);
  return judgement === undefined ? "–" : formatRatio(judgement);
}
