/** What a trial of pushes measured, from its recorded window. */
import type { Parameters, Window } from "../contract/results.ts";
import type { Measures } from "../metrics/metrics.ts";
import { decodeHistogram } from "../statistics/histogram.ts";
import { delayMeasures, recordedDelay } from "./delays.ts";
import { type Flow, flowNamed, useOf } from "./flows.ts";

/** Of a window in which nothing but the downlink is busy. */
export function pushMeasures(window: Window, { link }: Pick<Parameters, "link">): Measures {
  const flow = flowNamed(window, "downlink");
  if (flow === undefined) return {};
  const trial = { windows: [window], histograms: {} };
  const push = delayMeasures("push", recordedDelay(trial, "push"));
  const parked = delayMeasures("parkedPoll", recordedDelay(trial, "parkedPoll"));
  const between = delayMeasures("betweenPolls", recordedDelay(trial, "betweenPolls"));
  const transitUs = ((link?.rttMs ?? 0) * 1000) / 2;
  const transits = <const Name extends string>(name: Name, us: number | undefined) =>
    us === undefined || transitUs === 0 ? {} : ({ [name]: us / transitUs } as Record<Name, number>);
  return {
    ...ageMeasures(flow),
    ...push,
    ...meanMeasure(flow),
    ...parkedMeasure(flow),
    ...parked,
    ...between,
    ...transits("pushOverTransitP50Ratio", push.pushP50Us),
    ...transits("parkedPollOverTransitP50Ratio", parked.parkedPollP50Us),
    ...transits("betweenPollsOverTransitP50Ratio", between.betweenPollsP50Us),
    ...transits("betweenPollsOverTransitP90Ratio", between.betweenPollsP90Us),
    ...bytesMeasure(window, flow),
    ...waitMeasure(window),
  };
}

/** By which a prediction that failed on a machine without a core to spare is told from one that failed. */
function waitMeasure(window: Window): Measures {
  const { cpuWaitShare } = useOf(window);
  return cpuWaitShare === undefined ? {} : { cpuWaitShareMax: cpuWaitShare };
}

function ageMeasures({ age }: Flow): Measures {
  if (age === undefined || age.watchedS === 0) return {};
  const meanUs = (areaS2: number): number => (areaS2 / age.watchedS) * 1e6;
  return { ageMeanUs: meanUs(age.areaS2), ageOverSourceMeanUs: meanUs(age.areaS2 - age.sourceAreaS2) };
}

/** What never came is infinitely late, and then so is the mean. */
function meanMeasure({ histograms: { service }, timedMessages = 0 }: Flow): Measures {
  if (service === undefined) return {};
  const { totalCount, mean } = decodeHistogram(service);
  return totalCount === 0 || totalCount < timedMessages ? {} : { pushMeanUs: mean / 1000 };
}

function parkedMeasure({ histograms: { awaited, unawaited } }: Flow): Measures {
  if (awaited === undefined || unawaited === undefined) return {};
  const [parked, between] = [awaited, unawaited].map((encoded) => decodeHistogram(encoded).totalCount) as [
    number,
    number,
  ];
  return { parkedShare: parked / (parked + between) };
}

function bytesMeasure(window: Window, { ledger }: Flow): Measures {
  const { wireSentBytes = 0, wireReceivedBytes = 0 } = useOf(window);
  const { receivedMessages } = ledger;
  if (receivedMessages === 0) return {};
  return {
    wireBytesPerUpdate: (wireSentBytes + wireReceivedBytes) / receivedMessages,
    askedBytesPerUpdate: wireSentBytes / receivedMessages,
  };
}
