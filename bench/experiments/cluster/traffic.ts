/** The windows of traffic experiments are made of. */
import type { ChainOrder, Outage, PublishOrder } from "../../../load/channel/channel-users-api.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { Window } from "../../../results/contract/results.ts";
import type { Measures } from "../../../results/metrics/metrics.ts";
import type { ChannelWindow } from "../../rigs/cluster/channel-users.ts";
import type { ClusterRig } from "../../rigs/cluster/cluster-rig.ts";
import type { JudgedLedger } from "../../rigs/cluster/judged-ledger.ts";
import { watchCores } from "./cores.ts";
import { defined } from "./ledger-measures.ts";

/** From the order to the first message. */
const leadMs = 50;
/** Of a closed loop, the beginning that rates leave out. */
const warmUpShare = 1 / 3;

interface WindowOptions {
  /** Where a trial has several. */
  readonly name?: string;
  /** Longest wait for what is still on the way. */
  readonly drainMsMax?: number;
}

/** The start is told by the clock of the rig. */
type Unstarted<Order> = Order extends unknown ? Omit<Order, "startNs"> : never;

interface Measured {
  readonly ledger: JudgedLedger;
  readonly window: Window;
}

/** Publishes on schedule, waits for what is on the way, and reads the ledger. `meanwhile` runs beside it, from the start. */
export const publishFor = (
  rig: ClusterRig,
  order: Unstarted<PublishOrder> & WindowOptions,
  meanwhile?: () => Promise<void>,
): Promise<Measured> => measure(rig, { kind: "open", ...order }, meanwhile);

/** The same as a window of the trial. */
export async function* openLoop(...[rig, order, meanwhile]: Parameters<typeof publishFor>) {
  return yield* windowOf(await publishFor(rig, order, meanwhile));
}

/**
 * Closed loop: every publisher sends the next message when one of its own came back. Returns the ledger, and who used the
 * cores meanwhile.
 */
export async function* closedLoop(rig: ClusterRig, order: Omit<ChainOrder, "startNs" | "warmUpMs"> & WindowOptions) {
  const warmUpMs = order.durationMs * warmUpShare;
  let cores: ReturnType<typeof watchCores> | undefined;
  const { ledger, window } = await measure(rig, { kind: "closed", ...order, warmUpMs }, undefined, (startNs) => {
    cores = watchCores(rig, { startNs: startNs + warmUpMs * 1e6, endNs: startNs + order.durationMs * 1e6 });
  });
  yield window;
  return { ledger, cores: await cores!(ledger) };
}

function* windowOf({ ledger, window }: Measured): Generator<Window, JudgedLedger> {
  yield window;
  return ledger;
}

async function measure(
  rig: ClusterRig,
  { name = "traffic", drainMsMax = 5000, ...order }: Unstarted<ChannelWindow> & WindowOptions,
  meanwhile: () => Promise<void> = async () => {},
  begins: (startNs: number) => void = () => {},
): Promise<Measured> {
  const startNs = rig.nextWindowNs(leadMs);
  begins(startNs);
  await Promise.all([rig.users.run({ ...order, startNs }), rig.wait(leadMs).then(meanwhile)]);
  // Whatever was halted was shorter than its order.
  const ranMs = Math.min(order.durationMs, (nowNs() - startNs) / 1e6);
  const warmUpMs = order.kind === "closed" ? order.warmUpMs : 0;
  const ledger = await rig.collect(drainMsMax);
  const { histograms, histogramsPerNode: _, ...measures } = ledger;
  const startMs = rig.atMs(startNs) + warmUpMs;
  return { ledger, window: { name, startMs, durationMs: ranMs - warmUpMs, measures, histograms } };
}

/** A fault, its time, and in the events who noticed it when. */
export async function breakAt(
  rig: ClusterRig,
  subject: string,
  what: string,
  fault: () => Promise<unknown>,
): Promise<number> {
  const faultNs = nowNs();
  rig.mark("fault", subject, what, faultNs);
  await rig.unlessFailed(fault());
  return faultNs;
}

/** Puts what the users went through after a fault into the events, and returns it. */
export async function markOutages(rig: ClusterRig, faultNs: number): Promise<readonly Outage[]> {
  const outages = (await rig.users.outages()).filter(({ disconnectedNs }) => disconnectedNs >= faultNs);
  const times = (pick: (outage: Outage) => number | undefined): number[] =>
    outages.flatMap((outage) => pick(outage) ?? []).sort((a, b) => a - b);
  const mark = (what: string, ns: number | undefined): void => {
    if (ns !== undefined) rig.mark("observation", "users", what, ns);
  };
  const back = times(({ reconnectedNs }) => reconnectedNs);
  mark("first user cut off", times(({ disconnectedNs }) => disconnectedNs)[0]);
  mark("first user back", back[0]);
  mark("first message after", times(({ firstDeliveryNs }) => firstDeliveryNs)[0]);
  if (back.length === outages.length) mark("99 % back", back[Math.ceil(0.99 * back.length) - 1]);
  return outages;
}

/** Of what users were owed while they were away, the share that never reached them; from the fault on where it is given. */
export async function missedMeasures(rig: ClusterRig, outages: readonly Outage[], faultNs?: number): Promise<Measures> {
  const { owed, missing } = await rig.users.owedWithin(
    outages.map(({ user, disconnectedNs, reconnectedNs = Number.POSITIVE_INFINITY }) => ({
      user,
      fromNs: faultNs ?? disconnectedNs,
      toNs: reconnectedNs,
    })),
  );
  return defined([["missedShareOfOutage", missing / owed]]);
}
