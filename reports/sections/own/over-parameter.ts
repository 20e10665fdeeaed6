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

/** A target that is polled by a clock is called after its usual interval; here it is measured at others. */
function polledAs({ target, cell: { parameters } }: CellView): string {
  const { pollInterval } = parameters.settings;
  if (pollInterval === undefined) return target.title;
  const every = String(pollInterval).replace(/(?<=\d)(?=[a-z])/, " ");
  return target.title.replace(/(?<=\bevery )[\d.]+ \w+/, every);
}

/** The delay of a value by how often there is a new one. */
export const pushSection = withFigures("push", [
  {
    file: "push-delay.svg",
    title: "When does a user have a new value?",
    metric: "pushP50Us",
    over: "values per second to each user, logarithmic",
    at: settingOf("valuesPerSecondAndUser"),
    line: polledAs,
    panel: () => "p50 from publication to arrival",
  },
]);

/** Time to the first echo by the distance: the slope is how often it is paid. */
export const connectSection = withFigures("connect", [
  {
    file: "connect-distance.svg",
    title: "When is the first echo back?",
    metric: "coldStartP50Us",
    over: "round-trip time of the link in ms",
    at: ({ cell }) => (cell.parameters.link === undefined ? 0 : undefined),
    also: [
      { metric: "coldStartAt40MsP50Us", at: 40 },
      { metric: "coldStartAt80MsP50Us", at: 80 },
      { metric: "coldStartAt120MsP50Us", at: 120 },
    ],
    isLinear: true,
    panel: () => "p50 from nothing to the echo of the first message",
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
