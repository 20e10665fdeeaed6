/** Whether one trial of a cell is unlike the others: nothing of it is trimmed, so whoever reads a tail must know. */
import type { Flag, Trial } from "../contract/results.ts";
import { formatQuantity } from "../quantities/format.ts";
import { carries, percentileUs, type RecordedDelay, recordedDelay } from "../recording/delays.ts";
import { useOf } from "../recording/flows.ts";
import { median } from "../statistics/moments.ts";
import { cpuWaitShareMax } from "./cpu-contention.ts";

export type ObservedTrial = Pick<Trial, "trial" | "windows" | "histograms">;

/** So many times the median of the others is no noise of a tail. */
const outlyingRatio = 3;
/** Nor is a tail that reaches less than this further. */
const outlyingUs = 1000;
/** With fewer there are no others to be unlike. */
const trialsMin = 3;

/** What a user waits for, as a report calls it. */
const delays = [
  ["scheduled", "from schedule"],
  ["roundTrip", "round trip"],
  ["uplink", "uplink"],
  ["downlink", "downlink"],
] as const;
const percentiles = [90, 99] as const;

interface Outlier {
  readonly ratio: number;
  readonly message: string;
}

/** One flag per trial that stands out, with the percentile in which it does most. `stallMs`: a generator's pause that long. */
export function outlyingTrialFlags(trials: readonly ObservedTrial[], stallMs: number): Flag[] {
  if (trials.length < trialsMin) return [];
  const [delay, words] = delays.find(([name]) => recordedDelay(trials[0]!, name) !== undefined) ?? [];
  if (delay === undefined) return [];
  const recorded = trials.map((trial) => recordedDelay(trial, delay));
  return trials.flatMap((trial, index) => {
    const found = percentiles.flatMap((percentile) => outlierOf(recorded, index, percentile, words!) ?? []);
    const worst = found.sort((a, b) => b.ratio - a.ratio)[0];
    if (worst === undefined) return [];
    const disturbed = wasDisturbed(trial, stallMs);
    const why = disturbed ? ", while the machine or the load generator stood still, too" : "";
    const message = `trial ${trial.trial} of ${trials.length}: ${worst.message}${why}`;
    return [{ code: "outlying-trial", severity: "warning", cause: disturbed ? "machine" : "target", message } as const];
  });
}

function outlierOf(
  recorded: readonly (RecordedDelay | undefined)[],
  index: number,
  percentile: number,
  words: string,
): Outlier | undefined {
  const tailOf = (delay: RecordedDelay | undefined): number | undefined =>
    delay !== undefined && carries(delay, percentile) ? percentileUs(delay, percentile) : undefined;
  const own = tailOf(recorded[index]);
  const others = recorded.flatMap((delay, other) => (other === index ? [] : (tailOf(delay) ?? [])));
  if (own === undefined || others.length < trialsMin - 1) return undefined;
  const usual = median(others);
  if (!Number.isFinite(usual) || own - usual < outlyingUs || own < outlyingRatio * usual) return undefined;
  const name = `p${percentile} ${words}`;
  const usually = `that of the others ${formatQuantity(usual, "us")}`;
  if (own === Number.POSITIVE_INFINITY) return { ratio: own, message: `${name} was infinite, ${usually}` };
  const ratio = own / usual;
  const times = `${Number(ratio.toPrecision(2))} times ${usually}`;
  return { ratio, message: `${name} was ${formatQuantity(own, "us")}, ${times}` };
}

const wasDisturbed = ({ windows }: ObservedTrial, stallMs: number): boolean =>
  windows
    .map(useOf)
    .some(
      ({ cpuWaitShare = 0, generatorEventLoopDelayMaxUs = 0 }) =>
        cpuWaitShare > cpuWaitShareMax || generatorEventLoopDelayMaxUs > stallMs * 1000,
    );
