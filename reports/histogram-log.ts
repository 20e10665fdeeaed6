import { HistogramLogWriter } from "hdr-histogram-js";
import type { Results, Trial } from "../results/contract/results.ts";
import { decodeHistogram } from "../results/statistics/histogram.ts";

/**
 * Every raw histogram in the HdrHistogram log format, version 1.3, which others' tools read and plot. An interval is
 * a window of a trial, or the whole trial; its tag names target, experiment, variant, window and what it holds. Values
 * are nanoseconds, interval maxima milliseconds; time stamps are seconds since the start of the run.
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
      for (const { tag, encoded, startMs, durationMs } of intervalsOf(trial)) {
        const histogram = decodeHistogram(encoded);
        histogram.tag = tagOf([cell.target, cell.scenario, cell.variant ?? [], tag].flat());
        const from = trialStartSeconds + startMs / 1000;
        writer.outputIntervalHistogram(histogram, from, from + durationMs / 1000, 1e6);
      }
    }
  }
  return lines.join("");
}

interface TaggedInterval {
  readonly tag: readonly string[];
  readonly encoded: string;
  readonly startMs: number;
  readonly durationMs: number;
}

const intervalsOf = ({ windows, histograms, durationMs }: Trial): TaggedInterval[] => [
  ...windows.flatMap((window) =>
    Object.entries(window.histograms).map(([held, encoded]) => ({ ...window, tag: [window.name, held], encoded })),
  ),
  ...Object.entries(histograms).map(([held, encoded]) => ({ tag: [held], encoded, startMs: 0, durationMs })),
];

/** The format ends a tag at a comma or white space. */
const tagOf = (parts: readonly string[]): string => parts.join("/").replace(/[\s,]+/g, "-");
