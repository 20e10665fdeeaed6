import { HistogramLogWriter } from "hdr-histogram-js";
import type { ClusterResults } from "../../results/contract/cluster-results.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import { tagOf } from "../histogram-log.ts";

/**
 * Every raw histogram in the HdrHistogram log format, version 1.3, which others' tools read and plot. An interval is
 * a trial; its tag names protocol, broker and arm, experiment and kind of delay. Values are nanoseconds, interval
 * maxima milliseconds; time stamps are seconds since the start of the run.
 */
export function renderClusterHistogramLog({ tool, command, startedAt, cells }: ClusterResults): string {
  const lines: string[] = [];
  const writer = new HistogramLogWriter((line) => lines.push(line));
  const runStartSeconds = Date.parse(startedAt) / 1000;
  writer.outputComment(`[${tool.name} ${tool.version}: ${command}]`);
  writer.outputLogFormatVersion();
  writer.outputComment(`[StartTime: ${runStartSeconds.toFixed(3)} (seconds since epoch), ${startedAt}]`);
  writer.outputLegend();
  for (const cell of cells) {
    if (cell.state !== "measured") continue;
    for (const trial of cell.trials) {
      const from = Date.parse(trial.startedAt) / 1000 - runStartSeconds;
      for (const [kind, encoded] of Object.entries(trial.histograms)) {
        const histogram = decodeHistogram(encoded);
        histogram.tag = tagOf([cell.target, cell.scenario, kind]);
        writer.outputIntervalHistogram(histogram, from, from + trial.durationMs / 1000, 1e6);
      }
    }
  }
  return lines.join("");
}
