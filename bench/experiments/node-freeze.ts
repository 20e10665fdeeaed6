import type { ClusterRig } from "../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { brokenBy, clusterExperiment, type Variant } from "./cluster/cluster-experiment.ts";
import { type Expectation, everybodyBack } from "./cluster/expectations.ts";
import { ledgerMeasures, ledgerMetrics, outageMeasures, outageMetrics } from "./cluster/ledger-measures.ts";
import { anyBroker, setupOf } from "./cluster/setup.ts";
import { breakAt, markOutages, openLoop } from "./cluster/traffic.ts";
import { exactly } from "./contract/experiment.ts";

const faultAfterMs = 300;
const frozenMs = 4000;
const durationMs = faultAfterMs + frozenMs;
/** HAProxy checks once a second, gives a check a second to be answered, and believes the first that fails. */
const checkMs = 1000;

async function* freezeNode(rig: ClusterRig, { ratePerSecond, recoveryMsMax }: ClusterSettings) {
  const victim = rig.nodes[0]!;
  let faultNs = 0;
  let cutWhileFrozen = 0;
  const publishersOn = rig.nodes.slice(1).map(({ name }) => name);
  const traffic = { ratePerSecond, durationMs, publishersOn, drainMsMax: recoveryMsMax };
  const ledger = yield* openLoop(rig, traffic, async () => {
    await rig.wait(faultAfterMs);
    faultNs = await breakAt(rig, victim.name, "frozen (SIGSTOP)", async () => victim.freeze());
    await rig.wait(frozenMs);
    const outages = await rig.users.outages();
    cutWhileFrozen = outages.filter(({ disconnectedNs }) => disconnectedNs >= faultNs).length;
    victim.thaw();
    rig.mark("action", victim.name, "thawed (SIGCONT)");
  });
  return {
    ...ledgerMeasures(ledger),
    ...outageMeasures(await markOutages(rig, faultNs), faultNs),
    cutWhileFrozenConnections: cutWhileFrozen,
  };
}

function variants(settings: ClusterSettings): Variant[] {
  const broker = anyBroker(settings);
  const variant = (shutdownSessions: boolean, expectations: Expectation[]): Variant => ({
    name: shutdownSessions ? "shutdown-sessions" : "sessions left alone",
    setup: setupOf(settings, { broker, shutdownSessions }),
    load: { kind: "open", ratePerSecond: settings.ratePerSecond },
    durationMs,
    settings: { shutdownSessions, frozenMs },
    expectations,
    trafficMs: durationMs + 500,
    run: (rig) => freezeNode(rig, settings),
  });
  const perNode = setupOf(settings).users / settings.nodes;
  return [
    variant(true, [
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
    variant(false, [
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
export const nodeFreeze = clusterExperiment({
  name: "node-freeze",
  group: "failure",
  title: "A node hangs",
  question: "A process stands still while its sockets stay open. Who finds out, and when?",
  lesson:
    "TCP does not notice a process that hangs. The load balancer's health check does, but by default it only stops sending new users there; `on-marked-down shutdown-sessions` is what frees those that are stuck. Without it only a ping of the application, or a time-out far too long, will.",
  follows: ["nodes", "users", "ratePerSecond", "payloadBytes", "brokers", "policy", "protocol"],
  metrics: [...ledgerMetrics, ...outageMetrics, "cutWhileFrozenConnections"],
  predicts: ["connection", "stream"],
  variants,
  sabotage: ([cutting, leaving]) => brokenBy(cutting!, leaving!.setup, "cutWhileFrozenConnections"),
});
