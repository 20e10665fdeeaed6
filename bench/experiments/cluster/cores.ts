/** Who used the processor cores during a window of a closed loop: what was full decides what its rate is a rate of. */
import { cpus } from "node:os";
import type { Ledger } from "../../../load/channel/channel-users-api.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { Measures, MetricName } from "../../../results/metrics/metrics.ts";
import type { ClusterRig } from "../../rigs/cluster/cluster-rig.ts";
import { CpuMeter } from "../../rigs/proc/cpu-meter.ts";
import { processTree } from "../../rigs/proc/process-use.ts";
import { defined } from "./ledger-measures.ts";

export const coresMetrics = [
  "busiestNodeCpuShare",
  "brokerCpuShare",
  "balancerCpuShare",
  "idleCoresShare",
  "serverCpuUsPerDelivery",
] as const satisfies readonly MetricName[];

/** Looks into /proc at the two instants and does nothing in between. What is returned reads what was seen. */
export function watchCores(rig: ClusterRig, window: { readonly startNs: number; readonly endNs: number }) {
  const lengthUs = (window.endNs - window.startNs) / 1000;
  const meter = (pids: readonly (number | undefined)[]): CpuMeter =>
    new CpuMeter(processTree(...pids.filter((pid) => pid !== undefined)), window);
  const nodes = rig.nodes.filter(({ pid }) => pid !== undefined).map(({ pid }) => meter([pid]));
  const broker = rig.broker && meter([rig.broker.pid]);
  const balancer = meter(rig.proxy.pids());
  const idle = [idleCores(window.startNs), idleCores(window.endNs)] as const;

  /** Of the thread that used most, or of all where they cannot be told apart. */
  const share = (one: CpuMeter | undefined): number | undefined => {
    const use = one?.read();
    return use && (use.busiestThreadCpuUs ?? use.cpuUs) / lengthUs;
  };
  return async ({ deliveriesPerSecond }: Pick<Ledger, "deliveriesPerSecond">): Promise<Measures> => {
    const [before, after] = await Promise.all(idle);
    const nodesCpuUs = nodes.reduce((sum, node) => sum + (node.read()?.cpuUs ?? Number.NaN), 0);
    const idleMs = after.idleMs - before.idleMs;
    return defined([
      ["busiestNodeCpuShare", Math.max(...nodes.map((node) => share(node) ?? Number.NaN))],
      ["brokerCpuShare", share(broker)],
      ["balancerCpuShare", share(balancer)],
      ["idleCoresShare", Math.min(1, idleMs / (after.atMs - before.atMs) / after.cores)],
      ["serverCpuUsPerDelivery", nodesCpuUs / ((deliveriesPerSecond * lengthUs) / 1e6)],
    ]);
  };
}

/** Idle time of all cores together up to an instant, in ticks of 10 ms. */
async function idleCores(atNs: number): Promise<{ idleMs: number; atMs: number; cores: number }> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, (atNs - nowNs()) / 1e6)).unref());
  const all = cpus();
  return { idleMs: all.reduce((sum, { times }) => sum + times.idle, 0), atMs: nowNs() / 1e6, cores: all.length };
}
