/** One server that writes to many: how long that takes, and what becomes of one who does not read. */
import { type MetricName, metricNamed } from "../../../results/metrics/metrics.ts";
import { estimateOf } from "../../../results/summary/estimate.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import { showEstimate } from "../../view/shown-estimate.ts";
import type { CellView, ExperimentView } from "../../view/view.ts";
import { notedTable, type Section } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

type Columns = readonly (readonly [MetricName, string])[];

interface CellTable {
  readonly columns: Columns;
  /** A last column of words. */
  readonly more?: { readonly title: string; readonly words: (view: CellView) => string };
}

/** Tables with a row per cell. Undefined where nothing was measured. */
function cellTables(
  { cells }: ExperimentView,
  tables: readonly CellTable[],
  howToRead: readonly string[],
): Section | undefined {
  const measured = cells.filter(({ cell }) => cell.state === "measured");
  if (measured.length === 0) return undefined;
  const shown = tables.map(({ columns, more }) =>
    notedTable((notes) => ({
      columns: [
        left("Cell"),
        ...columns.map(([, title]) => right(title)),
        ...(more === undefined ? [] : [left(more.title)]),
      ],
      rows: measured.map((view) => [
        escapeText(view.name),
        ...columns.map(([metric]) =>
          showEstimate(estimateOf(view.cell, metric), metricNamed(metric).unit, notes, escapeText),
        ),
        ...(more === undefined ? [] : [escapeText(more.words(view))]),
      ]),
    })),
  );
  return { markdown: blocks(...shown, "#### How to read this", bullets(howToRead)), charts: [] };
}

const fanOutColumns: Columns = [
  ["firstRecipientP50Us", "First, p50"],
  ["medianRecipientP50Us", "Median, p50"],
  ["lastRecipientP50Us", "Last, p50"],
  ["loopP50Us", "Loop, p50"],
  ["loopStretchP50Us", "Longest stretch, p50"],
  ["heardWithinLoopFraction", "Heard within the loop"],
  ["serverCpuUsPerRecipient", "Server CPU per delivery"],
];

const bystanderColumns: Columns = [
  ["bystanderAloneP50Us", "Bystander alone, p50"],
  ["bystanderAloneP90Us", "Bystander alone, p90"],
  ["bystanderP50Us", "Bystander, p50"],
  ["bystanderP90Us", "Bystander, p90"],
  ["bystanderP99Us", "Bystander, p99"],
  ["bystanderMaxUs", "Bystander, max"],
];

export const serverFanOutSection: OwnSection = {
  experiments: ["server-fan-out"],
  replaces: true,
  write: (_view, experiment) =>
    cellTables(
      experiment,
      [{ columns: fanOutColumns }, { columns: bystanderColumns }],
      [
        "**First, median and last** are subscribers, from when a message was due; of messages that reached all. The **loop** is the time from the first copy that the server sends to the last, by its own clock; the **longest stretch** is that in which nobody else has a turn, with the writes that wait for the end of a turn, which come after the loop.",
        "**Heard within the loop**: messages that the first subscriber had before the last copy was written. On a wire that writes at once this is what happens; where writes wait for the end of the turn, a plain loop leaves none.",
        "**The bystander** is somebody else on the same server who asks for an echo 500 times a second. Its maximum is about the longest stretch where it met one, and what the machine did to it besides.",
      ],
    ),
};

const readerColumns: Columns = [
  ["givenUpMs", "Given up after"],
  ["givenUpAfterBytes", "Sent to it by then"],
  ["readerQueueMaxBytes", "Queued for it, at most"],
  ["missingDeliveries", "Missing at the others"],
];

const aroundColumns: Columns = [
  ["memoryGrowthBytes", "Memory of the server grew by"],
  ["memoryGrowthBeforeBytes", "And while all read"],
  ["othersBeforeP50Us", "Others while all read, p50"],
  ["othersP50Us", "Others while one does not, p50"],
  ["othersBeforeP99Us", "Others while all read, p99"],
  ["othersP99Us", "Others while one does not, p99"],
];

/** The last thing that is told of it, in the first trial. */
const heardBy = ({ cell }: CellView): string =>
  (cell.state === "measured" ? cell.trials : [])
    .flatMap(({ events }) => events.filter(({ kind, subject }) => kind === "observation" && subject === "one reader"))
    .at(0)?.what ?? "–";

export const slowReaderSection: OwnSection = {
  experiments: ["slow-reader"],
  replaces: true,
  write: (_view, experiment) =>
    cellTables(
      experiment,
      [{ columns: readerColumns, more: { title: "What it heard", words: heardBy } }, { columns: aroundColumns }],
      [
        "**Sent to it by then** is what the server had published to the reader since it stopped. What of that did not wait in the server (**queued**) was in the buffers of the kernel, at both ends, which no program sees; how large they become is the machine's.",
        "**Memory** is that of the server's process, ten times a second, with garbage that was not collected yet: where it grew as much while all read, it tells nothing of the reader.",
        "**What it heard** is what the reader is told once it reads again, which was after the traffic.",
      ],
    ),
};
