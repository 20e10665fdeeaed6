import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import type { Stage } from "../rigs/cluster/stage.ts";
import { everybodyBack } from "./cluster/expectations.ts";
import { ledgerMeasures, outageMeasures } from "./cluster/ledger-measures.ts";
import { anyBroker, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, publishFor } from "./cluster/traffic.ts";
import { type Arm, type Experiment, exactly } from "./contract/experiment.ts";

const faultAfterMs = 300;
const frozenMs = 4000;
/** HAProxy checks once a second, gives a check a second to be answered, and believes the first that fails. */
const checkMs = 1000;

async function freezeNode(stage: Stage, settings: ClusterSettings) {
  const victim = stage.nodes[0]!;
  let faultNs = 0;
  let cutWhileFrozen = 0;
  const ledger = await publishFor(
    stage,
    {
      ratePerSecond: settings.ratePerSecond,
      durationMs: faultAfterMs + frozenMs,
      publishersOn: stage.nodes.slice(1).map(({ name }) => name),
      settleMsMax: settings.recoveryMsMax,
    },
    async () => {
      await stage.wait(faultAfterMs);
      faultNs = await breakAt(stage, victim.name, "frozen (SIGSTOP)", async () => victim.freeze());
      await stage.wait(frozenMs);
      const outages = await stage.ask("outages", undefined);
      cutWhileFrozen = outages.filter(({ disconnectedNs }) => disconnectedNs >= faultNs).length;
      victim.thaw();
      stage.mark("action", victim.name, "thawed (SIGCONT)");
    },
  );
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(await markOutages(stage, faultNs), faultNs),
    cutWhileFrozenConnections: cutWhileFrozen,
  };
}

function arms(settings: ClusterSettings): Arm[] {
  const broker = anyBroker(settings);
  const arm = (shutdownSessions: boolean, expectations: Arm["expectations"]): Arm => ({
    name: shutdownSessions ? "shutdown-sessions" : "sessions left alone",
    setup: setupOf(settings, { broker, shutdownSessions }),
    ratePerSecond: settings.ratePerSecond,
    settings: { shutdownSessions, frozenMs },
    expectations,
    run: (stage) => freezeNode(stage, settings),
  });
  const perNode = setupOf(settings).users / settings.nodes;
  return [
    arm(true, [
      {
        statement: "the health check finds out, and the users of the frozen node are cut off and go elsewhere",
        formula: `users / N = ${perNode}`,
        metric: "cutWhileFrozenConnections",
        expected: exactly(perNode),
      },
      {
        statement: "they are cut off within one interval and one time-out of the check",
        formula: `timeout = ${checkMs} ms to inter + timeout = ${checkMs} ms + ${checkMs} ms; a check under way begins up to 100 ms earlier, and half a second of grace for a busy machine`,
        metric: "detectMs",
        expected: { low: checkMs - 100, high: 2 * checkMs + 500 },
      },
      everybodyBack,
    ]),
    arm(false, [
      {
        statement: "the kernel keeps the connections of a frozen process alive: its users hang, and nobody tells them",
        formula: "cut off while frozen = 0",
        metric: "cutWhileFrozenConnections",
        expected: exactly(0),
      },
    ]),
  ];
}

/** A node hangs, alive for the kernel and dead for its users. (B17) */
export const nodeFreeze: Experiment = {
  name: "node-freeze",
  group: "failure",
  title: "A node hangs",
  question: "A process stands still while its sockets stay open. Who finds out, and when?",
  lesson:
    "TCP does not notice a process that hangs. The load balancer's health check does, but by default it only stops sending new users there; `on-marked-down shutdown-sessions` is what frees those that are stuck. Without it only a ping of the application, or a time-out far too long, will.",
  predicts: ["connection", "stream"],
  arms,
  broken: (settings) => {
    const [cutting, leaving] = arms(settings);
    return { ...cutting!, setup: leaving!.setup, fails: "cutWhileFrozenConnections" };
  },
};
