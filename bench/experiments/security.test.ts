/** Every probe against every protocol there is, and that a server which lets things through is told so. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Finding } from "../../results/contract/finding.ts";
import { findingMeasures, findingsOf, probeNames } from "../../results/recording/findings.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocolNames } from "../targets/protocols.ts";
import { parseTarget } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { security } from "./security.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellOf = (target: string) =>
  security.cells({
    targets: [parseTarget(target)],
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  })[0]!;

// Most of it waits for what a server does about a peer that says nothing.
describe("the security experiment", { timeout: 600_000, concurrency: 3 }, () => {
  for (const name of protocolNames) {
    it(`finds ${name} to do what its specification and its server promise`, async () => {
      const { predictions } = await measureOnce(security, cellOf(name), context);
      const open = predictions.filter(({ verdict }) => verdict !== "held");
      assert.deepEqual(open, []);
      assert.ok(predictions.length > 0);
    });
  }

  it("does not attack a server that somebody else runs", async () => {
    const rig = await security.open(cellOf(protocolNames[0]!), context);
    try {
      const cell = cellOf(`${protocolNames[0]}=${rig.system.url}`);
      await using foreign = await security.open(cell, context);
      const measuring = security.measure(foreign, cell);
      await measuring.next();
      const { value } = await measuring.next();
      const { findings = [] } = value as { findings?: Finding[] };
      const leftOut = findings.filter(({ outcome }) => outcome === "left-out").map(({ probe }) => probe);
      assert.deepEqual(leftOut, ["oversize", "slow-handshake", "flood"]);
    } finally {
      await rig[Symbol.asyncDispose]();
    }
  });
});

describe("findings", () => {
  const finding = (probe: string, outcome: Finding["outcome"]): Finding => ({ probe, outcome, evidence: "" });

  it("are numbers where something was asked, and none where nothing was", () => {
    const findings = [
      finding("wrong-password", "refused-by-protocol"),
      finding("early-message", "accepted"),
      finding("oversize", "refused-by-server"),
      finding("flood", "left-out"),
      finding("plaintext", "not-applicable"),
    ];
    assert.deepEqual(findingMeasures(findings), {
      wrongPasswordRefusals: 1,
      earlyMessageRefusals: 0,
      oversizeRefusals: 1,
      refusedProbes: 2,
      protocolRefusedProbes: 1,
      acceptedProbes: 1,
    });
  });

  it("are read in report order, without those nobody knows", () => {
    const findings = [finding("flood", "accepted"), finding("telepathy", "accepted"), finding("oversize", "accepted")];
    const read = findingsOf({ findings }).map(({ probe }) => probe);
    assert.deepEqual(
      read,
      probeNames.filter((probe) => read.includes(probe)),
    );
    assert.deepEqual(read, ["oversize", "flood"]);
  });
});
