/** What was lost on purpose, by real processes, and whom it is put down to. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { clusterPresets } from "../../experiments/cluster/presets.ts";
import { setupOf } from "../../experiments/cluster/setup.ts";
import { parseTarget } from "../../targets/target.ts";
import { hasProgram } from "../../testing.ts";
import type { Culprit } from "../blame/evidence.ts";
import { metricOfCulprit } from "../blame/judgement.ts";
import { ProgramPool } from "../program-pool.ts";
import { ClusterRig } from "./cluster-rig.ts";
import type { Setup } from "./cluster-setup.ts";

/** Of all four clusters, on a machine that is busy with others. */
const timeout = 600_000;
const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());

const setup: Setup = setupOf(
  { ...clusterPresets.quick, nodes: 2, users: 4 },
  // However long it takes until something is lost, only what is broken on purpose cuts users off.
  { broker: "redis", relayedNodes: 1, shutdownSessions: false, backoff: { kind: "fixed", delayMs: 100 } },
);

/** Breaks something and repairs it, each told as an experiment tells it, while messages flow. */
interface Sabotage {
  /** The second resolves when something is lost by it. */
  readonly fault: readonly [subject: (rig: ClusterRig) => string, (rig: ClusterRig) => Promise<unknown>];
  readonly repair: (rig: ClusterRig) => Promise<unknown>;
  readonly culprit: Culprit;
}

const sabotages: Record<string, Sabotage> = {
  "a broker that is killed": {
    fault: [
      (rig) => rig.broker!.name,
      async (rig) => {
        await rig.broker!.kill();
        await publishedInVain(rig);
      },
    ],
    repair: (rig) => rig.broker!.restart(),
    culprit: "broker",
  },
  "a node cut off from its broker": {
    fault: [
      () => "node-1",
      async (rig) => {
        await rig.relays.cut("node-1");
        await publishedInVain(rig);
      },
    ],
    repair: (rig) => rig.relays.heal("node-1"),
    culprit: "broker",
  },
  "a node that is killed": {
    fault: [() => "node-2", (rig) => rig.nodes[1]!.kill()],
    repair: (rig) => rig.nodes[1]!.start(),
    culprit: "node",
  },
  "a load balancer that is killed": {
    fault: [() => "haproxy", (rig) => killWithMessagesInside(rig)],
    repair: (rig) => rig.proxy.restart(),
    culprit: "load-balancer",
  },
};

/** Until a publisher was told that its message may not arrive. */
const publishedInVain = (rig: ClusterRig): Promise<unknown> =>
  rig.until(async () => ((await rig.users.collect(0)).declaredLossDeliveries > 0 ? true : undefined));

/** A quick proxy has nothing in its hands at the moment of its death; one that stood still before has. */
async function killWithMessagesInside(rig: ClusterRig): Promise<void> {
  for (const pid of rig.proxy.pids()) process.kill(pid, "SIGSTOP");
  await published(rig, 20);
  await rig.proxy.kill();
}

/** Until users have published so many more. */
async function published(rig: ClusterRig, more: number): Promise<void> {
  const before = await rig.users.counts();
  await rig.until(async () => ((await rig.users.counts()).published >= before.published + more ? true : undefined));
}

test("what real processes lose on purpose is put down to them, and to nobody else", { timeout }, async (t) => {
  if (!hasProgram(t, "haproxy") || !hasProgram(t, "redis")) return;
  const target = { ...parseTarget(setup.protocol), system: { kind: "cluster" } } as const;
  const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };
  for (const [name, { fault, repair, culprit }] of Object.entries(sabotages)) {
    await t.test(name, async () => {
      await using rig = await ClusterRig.open(
        { target, variant: "v", setup, settings: { recoveryMsMax: 60_000 } },
        context,
      );
      const [subject, broken] = fault;
      const traffic = rig.users.run({
        kind: "open",
        startNs: rig.nextWindowNs(0),
        durationMs: timeout,
        ratePerSecond: 200,
      });
      await published(rig, 20);
      rig.mark("fault", subject(rig), "broken");
      await broken(rig);
      rig.mark("action", subject(rig), "repaired");
      await repair(rig);
      await rig.untilBrokerLive();
      await rig.untilEverybodyIsBack();
      rig.mark("observation", subject(rig), "works again");
      rig.users.halt();
      await traffic;
      const ledger = await rig.collect(5000);
      assert.ok(ledger.missingDeliveries > 0, "nothing was lost");
      const counts = Object.entries(metricOfCulprit).map(([who, metric]) => [who, ledger[metric]] as const);
      assert.equal(
        counts.reduce((sum, [, count]) => sum + count, 0),
        ledger.missingDeliveries,
      );
      const { events, flags } = await rig.record();
      const accused = counts.filter(([, count]) => count > 0).map(([who]) => who);
      // Whatever a busy test machine lost besides is put down to it; nobody else may be accused.
      assert.deepEqual(
        accused.filter((who) => who !== "machine"),
        [culprit],
        flags.map(({ message }) => message).join("\n"),
      );
      assert.ok(events.some(({ what }) => /^.*broken, as ordered: \d+ of \d+ missing/.test(what)));
      assert.deepEqual(
        flags.filter(({ cause }) => cause === "target"),
        [],
      );
    });
  }
});
