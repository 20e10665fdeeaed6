import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { everybodyBack, nothingMissing, nothingTwice } from "./cluster/expectations.ts";
import { ledgerMeasures, outageMeasures } from "./cluster/ledger-measures.ts";
import { anyBroker, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, publishFor } from "./cluster/traffic.ts";
import { type Arm, type Experiment, exactly } from "./contract/experiment.ts";

const faultAfterMs = 400;
const awayMs = 500;

async function underLoad(stage: Stage, settings: ClusterSettings, fault: (stage: Stage) => Promise<number>) {
  let faultNs = 0;
  const durationMs = Math.max(2000, settings.durationMs);
  const { ratePerSecond, recoveryMsMax } = settings;
  const ledger = await publishFor(stage, { ratePerSecond, durationMs, settleMsMax: recoveryMsMax }, async () => {
    await stage.wait(faultAfterMs);
    faultNs = await fault(stage);
    await stage.untilEverybodyIsBack();
  });
  return { ...ledgerMeasures(ledger), ...outageMeasures(await markOutages(stage, faultNs), faultNs) };
}

const reload = (stage: Stage): Promise<number> => breakAt(stage, "haproxy", "reloaded", () => stage.proxy.reload());

async function killAndRestart(stage: Stage): Promise<number> {
  const faultNs = await breakAt(stage, "haproxy", "killed", () => stage.proxy.kill());
  await stage.untilCut(stage.setup.users, faultNs);
  await stage.wait(awayMs);
  stage.mark("action", "haproxy", "started again");
  await stage.unlessFailed(stage.proxy.restart());
  return faultNs;
}

function arms(settings: ClusterSettings): Arm[] {
  const setup = setupOf(settings, { broker: anyBroker(settings) });
  const dropped = (count: number, statement: string, formula: string) => ({
    statement,
    formula,
    metric: "droppedConnections",
    expected: exactly(count),
  });
  return [
    {
      name: "reload",
      setup,
      ratePerSecond: settings.ratePerSecond,
      expectations: [
        dropped(0, "the old worker keeps its connections, the new one takes the new: nobody is cut off", "dropped = 0"),
        nothingMissing,
        nothingTwice,
      ],
      run: (stage) => underLoad(stage, settings, reload),
    },
    {
      name: "kill and restart",
      setup,
      ratePerSecond: settings.ratePerSecond,
      expectations: [
        dropped(
          setup.users,
          "every connection passes through it, so everybody is cut off at once",
          `users = ${setup.users}`,
        ),
        everybodyBack,
      ],
      run: (stage) => underLoad(stage, settings, killAndRestart),
    },
  ];
}

/** The load balancer is reloaded, or dies. (B18) */
export const proxyReload: Experiment = {
  name: "proxy-reload",
  group: "failure",
  title: "The load balancer is reloaded, or dies",
  question: "A new configuration must be loaded while thousands of connections are open. Who notices?",
  lesson:
    "A reload starts a new worker for new connections and leaves the old ones with the old worker, until they end or `hard-stop-after` ends them. Nobody is cut off; but every reload leaves one more worker behind. A crash is the other case: one load balancer is a single point of failure for everybody.",
  // A request on a connection the old worker is just closing may have to be sent again.
  predicts: ["connection", "stream"],
  arms,
  broken: (settings) => {
    const all = arms(settings);
    return { ...all[0]!, run: all[1]!.run, fails: "droppedConnections" };
  },
};
