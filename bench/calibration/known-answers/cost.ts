/** CPU time and memory of a server that knows what it costs. */
import type { CostLog } from "../../../load/behaviours/known-cost.ts";
import { formatQuantity } from "../../../results/quantities/format.ts";
import { useOf } from "../../../results/recording/flows.ts";
import { type IdleCell, idle } from "../../experiments/idle.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { ServerRig } from "../../rigs/server-rig.ts";
import type { Check } from "./check.ts";
import type { Verdict } from "./judge.ts";
import { type Attempt, shape } from "./observe.ts";

/** Far more than what any protocol keeps for a connection by itself. */
const keptBytes = 512 * 1024;
const behaviour = { name: "known-cost", keptBytes } as const;
const durationMs = 1000;
/** Anything a meter leaves out or counts twice here is far more. */
const [toleranceShare, wrongShare] = [0.1, 0.25];

/** From so much to so much by the server's own account: within a tenth it is right, beyond a quarter no noise explains it. */
export function checkCost(name: string, unit: "us" | "bytes", expected: number | undefined, measured: number): Check {
  const off = expected === undefined ? Number.NaN : Math.abs(measured / expected - 1);
  const verdict: Verdict = off <= toleranceShare ? "passed" : off > wrongShare ? "failed" : "cannot tell";
  return {
    name,
    expected:
      expected === undefined ? "nothing was told" : `${formatQuantity(expected, unit)} ± ${toleranceShare * 100} %`,
    measured: formatQuantity(measured, unit),
    verdict,
    likely: true,
  };
}

/** What the log says of a stretch of time; between two instants of it the time went evenly. Undefined where it ends too soon. */
export function cpuUsWithin({ atNs, cpuUs }: CostLog, startNs: number, endNs: number): number | undefined {
  const at = (ns: number): number | undefined => {
    const next = atNs.findIndex((logged) => logged >= ns);
    if (next <= 0) return undefined;
    const share = (ns - atNs[next - 1]!) / (atNs[next]! - atNs[next - 1]!);
    return cpuUs[next - 1]! + share * (cpuUs[next]! - cpuUs[next - 1]!);
  };
  const [start, end] = [at(startNs), at(endNs)];
  return start === undefined || end === undefined ? undefined : end - start;
}

/** A window of traffic against a server that burns on two threads. */
export async function checkCpu({ target, seed, signal }: Attempt): Promise<Check[]> {
  const parameters = { ...shape, payloadKind: "text", workers: 1, settings: {} } as const;
  await using programs = new ProgramPool();
  await using rig = await ServerRig.open({ target, behaviour, parameters }, { trial: 1, seed, signal, programs });
  await rig.connectAll();
  let own: number | undefined;
  rig.onServerWindow = ({ cost }, { startNs, endNs }) => {
    own = cost && cpuUsWithin(cost, startNs, endNs);
  };
  const flows = { roundTrip: { kind: "open", ratePerSecond: 100 } } as const;
  const window = await rig.window({ name: "burning", flows }, { ...shape, durationMs, drainMs: 10_000 });
  if (rig.failure !== undefined) throw new Error(rig.failure);
  return [checkCost("cpu, server's CPU time on two threads", "us", own, useOf(window).serverCpuUs ?? Number.NaN)];
}

/** The idle experiment, on connections for each of which the server keeps so many bytes. */
export async function checkMemory({ target, seed, signal }: Attempt): Promise<Check[]> {
  const steps = [20, 40, 60, 80, 100];
  const parameters = { ...shape, connections: 100, payloadKind: "text", workers: 1, settings: {} } as const;
  const cell: IdleCell = { target, behaviour, parameters, expectations: [], steps, restMs: 20, watchMs: 20 };
  await using programs = new ProgramPool();
  await using rig = await idle.open(cell, { trial: 1, seed, signal, programs });
  const measuring = idle.measure(rig, cell);
  for (;;) {
    const { done, value } = await measuring.next();
    if (done !== true) continue;
    const bytes = value.measures.memoryBytesPerConnection ?? Number.NaN;
    return [checkCost("memory, server's memory per connection", "bytes", keptBytes, bytes)];
  }
}
