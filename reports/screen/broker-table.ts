/** One row per broker, as it was configured: what it loses, how soon everybody knows, how soon it is back. */
import { type MetricName, metricNamed } from "../../results/metrics/metrics.ts";
import { formatQuantity, formatRange } from "../../results/quantities/format.ts";
import type { BrokerNumber, BrokerRow, BrokerRows } from "../advice/broker-rows.ts";
import { type Column, left, right } from "../text/table.ts";
import { signed } from "./compact.ts";
import type { ScreenCell, ScreenTable } from "./screen-table.ts";
import { shortNamesOf } from "./short-names.ts";

interface BrokerColumn {
  readonly column: Column;
  /** What would be unknown without it, and what measures that; absent for what is known beforehand. */
  readonly from?: { readonly about: string; readonly experiment: string };
  readonly meaning: string;
  readonly show: (row: BrokerRow) => ScreenCell | undefined;
}

/** Undefined where no broker has a number. A column that has none is left out. */
export function brokerTable(brokers: BrokerRows): ScreenTable | undefined {
  const { rows } = brokers;
  const columns = columnsOf(brokers).filter((column) => isFilled(column, brokers));
  if (columns.length === 0) return undefined;
  const short = shortNamesOf(rows.map(({ title }) => title));
  return {
    subject: "broker",
    columns: columns.map(({ column }) => column),
    rows: rows.map((row) => ({
      name: row.title,
      shortName: short.get(row.title)!,
      bar: undefined,
      cells: columns.map(({ show }) => show(row) ?? { text: "–" }),
    })),
    legend: columns.flatMap(({ column, meaning }) =>
      meaning === "" ? [] : [{ column: column.title, text: `${column.title}: ${meaning}` }],
    ),
  };
}

const isFilled = ({ show }: BrokerColumn, { rows }: BrokerRows): boolean => rows.some((row) => show(row) !== undefined);

/** What no broker has a number of, and the experiment that measures it. */
export const emptyColumns = (brokers: BrokerRows): { readonly about: string; readonly experiment: string }[] =>
  columnsOf(brokers).flatMap((each) => (each.from === undefined || isFilled(each, brokers) ? [] : [each.from]));

const columnsOf = (brokers: BrokerRows): BrokerColumn[] => [
  {
    column: right("lost"),
    from: { about: "what a killed broker loses", experiment: "broker-kill" },
    meaning: "accepted by a broker then killed",
    show: ({ acceptedThenLost }) => losses(acceptedThenLost, "acceptedThenLostMessages"),
  },
  {
    column: right("missed"),
    from: { about: "what users miss who are away", experiment: "node-kill" },
    meaning: `of what was due ${awayInWords(brokers)}, with resume`,
    show: missed,
  },
  {
    column: right("last user"),
    from: { about: "the delay to the last user", experiment: "broadcast" },
    meaning: `p50 to the last of ${usersIn(brokers)}`,
    show: ({ lastUserP50 }) => shown(lastUserP50, "lastRecipientP50Us"),
  },
  {
    column: right("restart"),
    from: { about: "how soon a broker is back", experiment: "broker-kill" },
    meaning: "",
    show: ({ restart }) => shown(restart, "brokerRestartMs"),
  },
  {
    column: right("back"),
    from: { about: "how soon a broker is back", experiment: "broker-kill" },
    meaning: "nodes hear it again",
    show: ({ recovery }) => shown(recovery, "brokerRecoveryMs"),
  },
  {
    column: left("fsync"),
    meaning: "",
    show: ({ durability }) => durability && { text: shortFsync[durability.fsync] },
  },
  {
    column: left("copies"),
    meaning: "",
    show: ({ durability }) => durability && { text: `${durability.acknowledgedBy}/${durability.replicas}` },
  },
];

type Fsync = NonNullable<BrokerRow["durability"]>["fsync"];

const shortFsync: Readonly<Record<Fsync, string>> = {
  never: "never",
  "by the kernel": "kernel",
  "every 2 minutes": "2 min",
  "every second": "1 s",
  "before acknowledging": "always",
};

/** From the quickest broker's users to the slowest's. */
function awayInWords({ awayMs }: BrokerRows): string {
  if (awayMs.length === 0) return "while users were away";
  return `in ${formatRange(Math.min(...awayMs), Math.max(...awayMs), "ms")} away`;
}

const usersIn = ({ delaysFrom }: BrokerRows): string =>
  delaysFrom === undefined ? "all" : `${delaysFrom.cells[0]!.cell.parameters.connections}`;

function shown({ estimate, state }: BrokerNumber, metric: MetricName): ScreenCell | undefined {
  if (estimate.kind === "value") {
    const { interval, bound } = estimate;
    return { text: signed(bound, formatQuantity(interval.value, metricNamed(metric).unit)) };
  }
  return state === undefined ? undefined : { text: state, tone: "doubt" };
}

/** The worst trial counts: what was lost once is lost. */
function losses(number: BrokerNumber, metric: MetricName): ScreenCell | undefined {
  const cell = shown(number, metric);
  if (cell === undefined || number.estimate.kind !== "value") return cell;
  const { interval } = number.estimate;
  const words = interval.high > interval.value ? formatQuantity(interval.high, metricNamed(metric).unit) : cell.text;
  return { text: words, tone: interval.high > 0 ? "bad" : "good" };
}

/** Nothing, or the share, and whether anybody was told. */
function missed({ missedAway, missedShareAway, isDeclaredAway }: BrokerRow): ScreenCell | undefined {
  const count = losses(missedAway, "missingDeliveries");
  if (count === undefined || missedAway.estimate.kind !== "value" || missedAway.estimate.interval.high === 0) {
    return count;
  }
  const share = shown(missedShareAway, "missedShareOfOutage")?.text ?? count.text;
  return { text: `${share}${isDeclaredAway ? ", told" : ""}`, tone: isDeclaredAway ? "doubt" : "bad" };
}
