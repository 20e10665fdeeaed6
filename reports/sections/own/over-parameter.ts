/** Experiments whose cells differ in a size: the numbers of the generic tables as lines over it. */
import { showCharts } from "../../charts/chart.ts";
import { overParameterChart, type ParameterFigure } from "../../charts/over-parameter.ts";
import type { CellView } from "../../view/view.ts";
import type { OwnSection } from "./own-section.ts";

const settingOf =
  (name: string) =>
  ({ cell: { parameters } }: CellView): number | undefined => {
    const value = parameters.settings[name];
    return typeof value === "number" ? value : undefined;
  };
const wordOf =
  (name: string) =>
  ({ cell: { parameters } }: CellView): string =>
    String(parameters.settings[name] ?? "");

const withFigures = (experiment: string, figures: readonly ParameterFigure[]): OwnSection => ({
  experiments: [experiment],
  write(_view, shown) {
    const charts = figures.flatMap((figure) => overParameterChart(shown, figure) ?? []);
    return charts.length === 0 ? undefined : { markdown: showCharts(charts), charts };
  },
});

const overPayload = {
  over: "payload in bytes, logarithmic",
  at: ({ cell }: CellView) => cell.parameters.payloadBytes,
  panel: wordOf("as"),
} as const;

/** Overhead and goodput by the size of a payload. */
export const binarySection = withFigures("binary", [
  {
    ...overPayload,
    file: "binary-overhead.svg",
    title: "What does a byte cost on the wire?",
    metric: "wireOverPayloadBytesRatio",
  },
  {
    ...overPayload,
    file: "binary-goodput.svg",
    title: "How many bytes arrive?",
    metric: "goodputBytesPerSecond",
  },
]);

/** The last member by the size of the room. */
export const roomSection = withFigures("room", [
  {
    file: "room-last-member.svg",
    title: "When has the whole room heard it?",
    metric: "lastRecipientP50Us",
    over: "members, logarithmic",
    at: settingOf("members"),
    panel: () => "p50 of the last member",
  },
]);

/** The last subscriber by how many there are. */
export const presenceSection = withFigures("presence", [
  {
    file: "presence-last-subscriber.svg",
    title: "When does the last subscriber know?",
    metric: "lastRecipientP50Us",
    over: "subscribers, logarithmic",
    at: settingOf("subscribers"),
    panel: wordOf("change"),
  },
]);
