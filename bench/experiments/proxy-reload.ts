import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, everybodyBack, nothingMissing, nothingTwice } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { anyBroker, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

const faultAfterMs = 400;
const awayMs = 500;
const durationOf = (settings: ClusterSettings): number => Math.max(2000, settings.durationMs);

async function* underLoad(rig: ClusterRig, settings: ClusterSettings, fault: (rig: ClusterRig) => Promise<number>) {
  let faultNs = 0;
  const { ratePerSecond, recoveryMsMax } = settings;
  const traffic = { ratePerSecond, durationMs: durationOf(settings), drainMsMax: recoveryMsMax };
  const ledger = yield* openLoop(rig, traffic, async () => {
    await rig.wait(faultAfterMs);
    faultNs = await fault(rig);
    await rig.untilEverybodyIsBack();
  });
  return { ...ledgerMeasures(ledger), ...outageMeasures(await markOutages(rig, faultNs), faultNs) };
}

const reload = (rig: ClusterRig): Promise<number> => breakAt(rig, "haproxy", "reloaded", () => rig.proxy.reload());

async function killAndRestart(rig: ClusterRig): Promise<number> {
  const faultNs = await breakAt(rig, "haproxy", "killed", () => rig.proxy.kill());
  await rig.untilCut(rig.setup.users, faultNs);
  await rig.wait(awayMs);
  rig.mark("action", "haproxy", "started again");
  await rig.unlessFailed(rig.proxy.restart());
  return faultNs;
}

function variants(settings: ClusterSettings): Variant[] {
  const setup = setupOf(settings, { broker: anyBroker(settings) });
  const durationMs = durationOf(settings);
  const dropped = (count: number, statement: string, formula: string): Expectation => ({
    statement,
    formula,
    metric: "droppedConnections",
    expected: exactly(count),
  });
  const variant = (name: string, fault: typeof reload, expectations: Expectation[]): Variant => ({
    name,
    setup,
    load: { kind: "open", ratePerSecond: settings.ratePerSecond },
    durationMs,
    expectations,
    trafficMs: durationMs + 500,
    run: (rig) => underLoad(rig, settings, fault),
  });
  return [
    variant("reload", reload, [
      dropped(0, "the old worker keeps its connections, the new one takes the new: nobody is cut off", "dropped = 0"),
      nothingMissing,
      nothingTwice,
    ]),
    variant("kill and restart", killAndRestart, [
      dropped(
        setup.users,
        "every connection passes through it, so everybody is cut off at once",
        `users = ${setup.users}`,
      ),
      everybodyBack,
    ]),
  ];
}

/** The load balancer is reloaded, or dies. (B18) */
export const proxyReload = clusterExperiment({
  name: "proxy-reload",
  group: "failure",
  title: "The load balancer is reloaded, or dies",
  question: "A new configuration must be loaded while thousands of connections are open. Who notices?",
  lesson:
    "A reload starts a new worker for new connections and leaves the old ones with the old worker, until they end or `hard-stop-after` ends them. Nobody is cut off; but every reload leaves one more worker behind. A crash is the other case: one load balancer is a single point of failure for everybody.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "durationMs", "brokers", "policy", "protocol"],
  metrics: [...ledgerMetrics, ...outageMetrics],
  // A request on a connection the old worker is just closing may have to be sent again.
  predicts: ["connection", "stream"],
  variants,
  sabotage: ([reloads, kills]) => ({ cell: { ...reloads!, run: kills!.run }, fails: "droppedConnections" }),
});
