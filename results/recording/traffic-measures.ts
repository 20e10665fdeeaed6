/** What a trial of traffic measured, from its recorded windows: the numbers of one trial that a summary is made of. */
import type { Parameters, Trial, Window } from "../contract/results.ts";
import type { Measures } from "../metrics/metrics.ts";
import { delayMeasures, recordedDelay } from "./delays.ts";
import { type Flow, flowNamed, flowsOf, type LedgerCount, ledgerCounts, useOf } from "./flows.ts";

/** The window an experiment is about is its last, in which everything that is ever busy is busy. */
export function trafficMeasures(trial: Pick<Trial, "windows" | "histograms">, parameters: Parameters): Measures {
  const { windows } = trial;
  const main = windows.at(-1);
  if (main === undefined) return {};
  return {
    ...measuresOf(trial, "roundTrip"),
    ...measuresOf(trial, "scheduled"),
    ...measuresOf(trial, "dispatch"),
    ...oneWayMeasures("uplink", trial),
    ...oneWayMeasures("downlink", trial),
    ...measuresOf(trial, "connect"),
    achievedRatePerSecond: flowsOf(main).reduce((sum, flow) => sum + flow.achievedRatePerSecond, 0),
    ...costMeasures(main, parameters),
    ...connectionMeasures(main),
    ...generatorMeasures(main),
    ...ledgerMeasures(windows.flatMap(flowsOf)),
  };
}

const measuresOf = <const Delay extends string>(trial: Pick<Trial, "windows" | "histograms">, delay: Delay) =>
  delayMeasures(delay, recordedDelay(trial, delay));

function oneWayMeasures(direction: "uplink" | "downlink", trial: Pick<Trial, "windows" | "histograms">): Measures {
  const aloneName = `${direction}Alone` as const;
  const together: Measures = measuresOf(trial, direction);
  const alone: Measures = measuresOf(trial, aloneName);
  const [with_, without] = [together[`${direction}P50Us`], alone[`${aloneName}P50Us`]];
  return {
    ...together,
    ...alone,
    ...(with_ !== undefined &&
      without !== undefined &&
      flowsOf(trial.windows.at(-1)!).length > 1 && { [`${direction}InterferenceP50Ratio`]: with_ / without }),
  };
}

/** Of a flow both ends of which are one process: only there is a message its way there and back. */
function costMeasures(main: Window, { payloadBytes }: Parameters): Measures {
  if (flowNamed(main, "roundTrip") === undefined) return {};
  const use = useOf(main);
  const over = (amount: number | undefined, messages: number | undefined): number | undefined =>
    amount === undefined || messages === undefined || messages === 0 ? undefined : amount / messages;
  const wireBytes = over((use.wireSentBytes ?? 0) + (use.wireReceivedBytes ?? 0), use.wireMessages);
  const generatorCpuUs = over(use.generatorCpuUs, use.generatorMessages);
  const serverCpuUs = over(use.serverCpuUs, use.serverMessages);
  return {
    ...(serverCpuUs !== undefined && { serverCpuUsPerMessage: serverCpuUs }),
    ...(generatorCpuUs !== undefined && { generatorCpuUsPerMessage: generatorCpuUs }),
    ...(wireBytes !== undefined && {
      wireBytesPerMessage: wireBytes,
      overheadBytesPerMessage: wireBytes - 2 * payloadBytes,
    }),
  };
}

/** Of everybody who was connected before the window began. */
function connectionMeasures(main: Window): Measures {
  const { wireConnections } = useOf(main);
  const messages = flowsOf(main).reduce((sum, { ledger }) => sum + ledger.receivedMessages, 0);
  if (wireConnections === undefined || messages === 0) return {};
  return { connectionsPerMessage: wireConnections / messages };
}

/** How the load generators worked, which bears on what the others mean. */
function generatorMeasures(main: Window): Measures {
  const { pacingPeriodUs, generatorMessagesPerWrite } = useOf(main);
  return {
    ...(generatorMessagesPerWrite !== undefined && { generatorMessagesPerWrite }),
    ...(pacingPeriodUs !== undefined && { pacingPeriodUs }),
  };
}

/** Over all windows: exactly once is a property of a trial. */
const ledgerMeasures = (flows: readonly Flow[]): Measures =>
  Object.fromEntries(
    ledgerCounts.map((name: LedgerCount) => [name, flows.reduce((sum, { ledger }) => sum + ledger[name], 0)]),
  );
