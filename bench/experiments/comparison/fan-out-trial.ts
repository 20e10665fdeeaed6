/** One trial in which one user publishes to others: who has it when, what arrived, and what a delivery cost. */
import type { Window } from "../../../results/contract/results.ts";
import type { Measures, MetricName } from "../../../results/metrics/metrics.ts";
import { delayMeasures, recordedDelay } from "../../../results/recording/delays.ts";
import { flowNamed, useOf } from "../../../results/recording/flows.ts";
import type { ServerRig } from "../../rigs/server-rig.ts";
import type { Outcome } from "../contract/experiment.ts";
import type { ExchangeCell } from "./exchange-cell.ts";
import { trafficParameters } from "./traffic-cell.ts";

/** What is measured of every fan-out. */
export const fanOutMetrics = [
  "firstRecipientP50Us",
  "medianRecipientP50Us",
  "lastRecipientP50Us",
  "firstRecipientP99Us",
  "medianRecipientP99Us",
  "lastRecipientP99Us",
  "dispatchP50Us",
  "deliveriesPerSecond",
  "deliveriesPerPublication",
  "serverCpuUsPerRecipient",
  "generatorCpuUsPerRecipient",
  "wireBytesPerRecipient",
  "publishedMessages",
  "expectedDeliveries",
  "missingDeliveries",
  "duplicatedDeliveries",
  "reorderedDeliveries",
  "corruptedDeliveries",
] as const satisfies readonly MetricName[];

/** Others connect so many at a time, once the publisher is there: each that comes is told to all, and all to it. */
const atOnce = 4;

/** `recipients` are those that each message is owed to. */
export async function* fanOutTrial(
  rig: ServerRig,
  cell: ExchangeCell,
  recipients: number,
): AsyncGenerator<Window, Outcome> {
  const { load, warmupMs, ...times } = trafficParameters(cell);
  const { connections } = cell.parameters;
  await rig.connect(1);
  await rig.connect(connections - 1, atOnce);
  const flows = { fanOut: load };
  if (warmupMs > 0) await rig.warmUp({ name: "warm-up", flows }, warmupMs, times.drainMs);
  const window = await rig.window({ name: cell.variant, flows }, times);
  yield window;
  if (rig.failure !== undefined) throw new Error(rig.failure);
  return { measures: fanOutMeasures(window, recipients) };
}

/** What a window of it measured. */
export function fanOutMeasures(window: Window, recipients: number): Measures {
  const trial = { windows: [window], histograms: {} };
  const { ledger, achievedRatePerSecond } = flowNamed(window, "fanOut")!;
  const { sentMessages: owed, receivedMessages: received } = ledger;
  const use = useOf(window);
  const per = (amount: number | undefined, deliveries = 0): number => (amount ?? Number.NaN) / deliveries;
  return {
    ...delayMeasures("firstRecipient", recordedDelay(trial, "firstRecipient")),
    ...delayMeasures("medianRecipient", recordedDelay(trial, "medianRecipient")),
    ...delayMeasures("lastRecipient", recordedDelay(trial, "lastRecipient")),
    ...delayMeasures("dispatch", recordedDelay(trial, "dispatch")),
    deliveriesPerSecond: achievedRatePerSecond,
    deliveriesPerPublication: received / (owed / recipients),
    // What is no number is not kept.
    serverCpuUsPerRecipient: per(use.serverCpuUs, use.serverMessages),
    generatorCpuUsPerRecipient: per(use.generatorCpuUs, use.generatorMessages),
    wireBytesPerRecipient: per((use.wireSentBytes ?? 0) + (use.wireReceivedBytes ?? 0), use.wireMessages),
    publishedMessages: owed / recipients,
    expectedDeliveries: owed,
    missingDeliveries: ledger.lostMessages + ledger.censoredMessages,
    duplicatedDeliveries: ledger.duplicatedMessages,
    reorderedDeliveries: ledger.reorderedMessages,
    corruptedDeliveries: ledger.corruptedMessages,
  };
}
