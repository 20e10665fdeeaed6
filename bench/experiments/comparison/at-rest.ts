import { nowNs } from "../../../protocol/clock.ts";
import type { ServerRig } from "../../rigs/server-rig.ts";

export interface AtRest {
  readonly startNs: number;
  /** Of the server. Undefined where its processes cannot be seen. */
  readonly cpuUs: number | undefined;
  /** By the users, on all connections together. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** What server and wire use for so long while nobody sends. */
export async function watchAtRest(rig: ServerRig, durationMs: number): Promise<AtRest> {
  const { watch } = rig.system;
  const startNs = nowNs();
  const meter = watch.meter({ startNs, endNs: startNs + durationMs * 1e6 });
  const before = await rig.unlessFailed(rig.users.wireBytes());
  await rig.unlessFailed(meter.ended);
  const after = await rig.unlessFailed(rig.users.wireBytes());
  return {
    startNs,
    cpuUs: (await watch.read(meter))?.cpuUs,
    sentBytes: after.sent - before.sent,
    receivedBytes: after.received - before.received,
  };
}
