/** The stretches of traffic experiments are made of. */

import type { Ledger, Outage, PublishOrder } from "../../../load/channel/channel-users-api.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { Stage } from "../../rigs/cluster/stage.ts";

/** From the order to the first message. */
const leadMs = 50;
/** Nothing arrived for so long: what is missing now will not come. Longer than any poll, retry or flush. */
const quietMs = 500;
/** After everything is in: a second copy of the last messages would come now. */
const duplicatesWaitMs = 100;

export interface Traffic extends Partial<Pick<PublishOrder, "publishers" | "publishersOn">> {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** Longest wait for what is still on the way. */
  readonly settleMsMax?: number;
}

/** Publishes on schedule, waits for what is on the way, and reads the books. `meanwhile` runs beside it, from the start. */
export async function publishFor(
  stage: Stage,
  { settleMsMax = 5000, durationMs, ...traffic }: Traffic,
  meanwhile: () => Promise<void> = async () => {},
): Promise<Ledger> {
  const startNs = stage.startClock(leadMs);
  const publishing = stage.ask("publish", { ...traffic, durationMs, startNs }, durationMs + 15_000);
  await stage.wait(leadMs);
  await Promise.all([publishing, meanwhile()]);
  return await settledLedger(stage, settleMsMax);
}

/** Of a closed loop, the beginning that rates leave out. */
const warmUpShare = 1 / 3;

/** Closed loop: every publisher sends the next message when one of its own came back. */
export async function chainFor(
  stage: Stage,
  order: { durationMs: number; inFlight: number; publishers?: number },
): Promise<Ledger> {
  const startNs = stage.startClock(leadMs);
  const warmUpMs = order.durationMs * warmUpShare;
  await stage.ask("chain", { ...order, startNs, warmUpMs }, order.durationMs + 15_000);
  return await settledLedger(stage, 5000);
}

async function settledLedger(stage: Stage, maxMs: number): Promise<Ledger> {
  await stage.ask("drain", { quietMs, maxMs }, maxMs + 10_000);
  await stage.wait(duplicatesWaitMs);
  const ledger = await stage.ask("ledger", undefined);
  stage.keepHistograms(ledger.histograms);
  return ledger;
}

/** A fault, its time, and in the events who noticed it when. */
export async function breakAt(
  stage: Stage,
  subject: string,
  what: string,
  fault: () => Promise<void>,
): Promise<number> {
  const faultNs = nowNs();
  stage.mark("fault", subject, what, faultNs);
  await stage.unlessFailed(fault());
  return faultNs;
}

/** Puts what the users went through after a fault into the events, and returns it. */
export async function markOutages(stage: Stage, faultNs: number): Promise<readonly Outage[]> {
  const outages = (await stage.ask("outages", undefined)).filter(({ disconnectedNs }) => disconnectedNs >= faultNs);
  const times = (pick: (outage: Outage) => number | undefined): number[] =>
    outages.flatMap((outage) => pick(outage) ?? []).sort((a, b) => a - b);
  const mark = (what: string, ns: number | undefined): void => {
    if (ns !== undefined) stage.mark("observation", "users", what, ns);
  };
  const back = times(({ reconnectedNs }) => reconnectedNs);
  mark("first user cut off", times(({ disconnectedNs }) => disconnectedNs)[0]);
  mark("first user back", back[0]);
  mark("first message after", times(({ firstDeliveryNs }) => firstDeliveryNs)[0]);
  if (back.length === outages.length) mark("99 % back", back[Math.ceil(0.99 * back.length) - 1]);
  return outages;
}
