import { HistogramLogWriter } from "hdr-histogram-js";
import { type Flow, flowNames, type Results, type Trial } from "../results/contract/results.ts";
import { decodeHistogram } from "../results/statistics/histogram.ts";

const histogramNames = ["dispatch", "service", "scheduled"] as const satisfies readonly (keyof Flow["histograms"])[];

/**
 * Every raw histogram in the HdrHistogram log format, version 1.3, which others' tools read and plot. An interval is
 * a window of a trial; its tag names target, scenario, window, flow and kind of delay. Values are nanoseconds,
 * interval maxima milliseconds; time stamps are seconds since the start of the run.
 */
export function renderHistogramLog({ tool, command, startedAt, cells }: Results): string {
  const lines: string[] = [];
  const writer = new HistogramLogWriter((line) => lines.push(line));
  const runStartSeconds = Date.parse(startedAt) / 1000;
  writer.outputComment(`[${tool.name} ${tool.version}: ${command}]`);
  writer.outputLogFormatVersion();
  writer.outputComment(`[StartTime: ${runStartSeconds.toFixed(3)} (seconds since epoch), ${startedAt}]`);
  writer.outputLegend();
  for (const cell of cells) {
    if (cell.state !== "measured" && cell.state !== "failed") continue;
    for (const trial of cell.trials) {
      const trialStartSeconds = Date.parse(trial.startedAt) / 1000 - runStartSeconds;
      for (const { tag, encoded, startSeconds, seconds } of intervalsOf(trial)) {
        const histogram = decodeHistogram(encoded);
        histogram.tag = tagOf([cell.target, cell.scenario, ...tag]);
        const from = trialStartSeconds + startSeconds;
        writer.outputIntervalHistogram(histogram, from, from + seconds, 1e6);
      }
    }
  }
  return lines.join("");
}

interface TaggedInterval {
  readonly tag: readonly string[];
  readonly encoded: string;
  readonly startSeconds: number;
  readonly seconds: number;
}

function intervalsOf({ windows }: Trial): TaggedInterval[] {
  return windows.flatMap(({ name, flows, startMs = 0, durationMs }) =>
    flowNames.flatMap((flow) =>
      histogramNames.flatMap((kind) => {
        const encoded = flows[flow]?.histograms[kind];
        const times = { startSeconds: startMs / 1000, seconds: durationMs / 1000 };
        return encoded === undefined ? [] : [{ tag: [name, flow, kind], encoded, ...times }];
      }),
    ),
  );
}

/** The format ends a tag at a comma or white space. */
export const tagOf = (parts: readonly string[]): string => parts.join("/").replace(/[\s,]+/g, "-");
