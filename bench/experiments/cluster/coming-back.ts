import type { StateFound } from "../../../load/channel/channel-users-api.ts";
import type { ClusterRig } from "../../rigs/cluster/cluster-rig.ts";

/** Of one try to come back, in milliseconds; longer than a user waits for its welcome. */
export const comeBackMsMax = 5000;

/** So many times everybody leaves before the first comes back, so that nobody takes the place of somebody who is still there. */
export async function comeBack(
  { users }: ClusterRig,
  times: number,
): Promise<Pick<StateFound, "asked" | "found" | "sameNode" | "failed">> {
  const back = { asked: 0, found: 0, sameNode: 0, failed: 0 };
  for (let round = 0; round < times; round++) {
    const tally = await users.rejoin({ together: true, concurrent: 8, timeoutMs: comeBackMsMax });
    back.asked += tally.asked;
    back.found += tally.found;
    back.sameNode += tally.sameNode;
    back.failed += tally.failed;
  }
  return back;
}
