import type { Measures } from "../../../results/metrics/metrics.ts";
import { idleUsers } from "../../rigs/roles/idle-users.ts";
import type { SystemRig } from "../../rigs/system-rig.ts";
import type { Target } from "../../targets/target.ts";
import { sides, watchedIntervals } from "./expected.ts";

/** They connect at different moments between two heartbeats. */
export const halfOpenUsers = 4;
const patienceMs = 60_000;

/** The way goes silent, both ends of it stay open: when does who notice? */
export async function halfOpen(
  rig: SystemRig,
  /** With the heartbeat of the rig's system, or none. */
  { protocol, options }: Target,
  { everyMs, usualMs }: { readonly everyMs: number; readonly usualMs: number | undefined },
): Promise<Measures> {
  const link = await rig.linkTo(rig.system.url, { rttMs: 0 });
  const { certificate } = rig.system;
  const { url } = link;
  await rig.play(
    idleUsers,
    { step: "connect", url, certificate, protocol, options, users: halfOpenUsers, overMs: everyMs },
    patienceMs,
  );
  await rig.wait(everyMs);
  const silentNs = await rig.unlessFailed(link.stall());
  rig.mark("fault", "link", "silent, with every connection open", silentNs);
  await rig.wait(watchedIntervals * everyMs);
  const ends = {
    server: await rig.unlessFailed(rig.system.server!.call("endsNs", undefined, patienceMs)),
    client: (await rig.play(idleUsers, { step: "tell" }, patienceMs)).endsNs,
  };
  const here = halfOpenUsers - ends.client.filter((ns) => ns < silentNs).length;
  if (here === 0) throw new Error("every user was given up before its way went silent");
  return Object.assign(
    {},
    ...sides.map((side): Measures => {
      const afterMs = ends[side].filter((ns) => ns >= silentNs).map((ns) => (ns - silentNs) / 1e6);
      const lastMs = Math.max(...afterMs);
      if (afterMs.length > 0) rig.mark("observation", side, "has given up the last user", silentNs + lastMs * 1e6);
      return {
        [`${side}NeverNoticedShare`]: Math.max(0, 1 - afterMs.length / here),
        ...(afterMs.length > 0 &&
          usualMs !== undefined && {
            [`${side}NoticesAfterIntervals`]: lastMs / everyMs,
            [`${side}NoticesAfterMs`]: (lastMs / everyMs) * usualMs,
          }),
      };
    }),
  );
}
