/** How often a cold start pays for distance, held against what the specifications say. */
import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocolNames } from "../targets/protocols.ts";
import { parseTarget } from "../targets/target.ts";
import { unlessDisturbed } from "../undisturbed.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { countRoundTrips, firstEchoSteps } from "./comparison/opening-steps.ts";
import { presets } from "./comparison/presets.ts";
import { connect } from "./connect.ts";
import type { TrafficSettings } from "./contract/request.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellsOf = (target: string, traffic: TrafficSettings = presets.quick.settings) =>
  connect.cells({ targets: [parseTarget(target)], traffic, cluster: clusterPresets.quick });

const stepsOf = (target: string): number => countRoundTrips(firstEchoSteps(parseTarget(target)));

/** The last so far off that a process has to wait for its core for longer than any does before it looks like a round trip. */
const rttsMs = [10, 20, 30, 300];

// Most of it waits for links.
describe("the connect experiment", { timeout: 600_000, concurrency: 3 }, () => {
  it("counts the steps of the specifications", () => {
    const counted = { tcp: 2, websocket: 3, sse: 4, http: 3, "short-polling": 4, "long-polling": 4, xmpp: 7, bosh: 8 };
    for (const [name, count] of Object.entries(counted)) assert.equal(stepsOf(name), count, name);
    assert.equal(stepsOf("xmpp-websocket"), 8, "and the upgrade");
  });

  it("counts connections as the options have them", () => {
    const counted = {
      "http+h2": 3,
      "http+close": 4,
      "sse+h2": 3,
      "short-polling+h2": 3,
      "sse+h2+tls": 4,
      "sse+close": 4,
      "short-polling+close": 6,
    };
    for (const [target, count] of Object.entries(counted)) assert.equal(stepsOf(target), count, target);
    assert.equal(stepsOf("long-polling+close+tls"), 6);
    assert.equal(stepsOf("bosh+close"), 12, "six requests");
  });

  it("counts TLS once for each connection", () => {
    assert.equal(stepsOf("websocket+tls") - stepsOf("websocket"), 1);
    assert.equal(stepsOf("sse+tls") - stepsOf("sse"), 2, "there are two");
    assert.equal(stepsOf("xmpp+tls=starttls") - stepsOf("xmpp+tls"), 2, "a stream in clear, and the question");
  });

  for (const target of [
    ...protocolNames,
    `${protocolNames[1]}+tls`,
    `${protocolNames[2]}+tls`,
    `${protocolNames[2]}+h2`,
  ]) {
    it(`finds on ${target} that distance is paid as often`, (t) =>
      unlessDisturbed(t as TestContext, async () => {
        const [cell] = cellsOf(target);
        const [near, ...links] = cell!.ways;
        const far = rttsMs.map((rttMs, index) => ({ ...links[index]!, link: { rttMs } }));
        const ways = [near!, ...far].map((way) => ({ ...way, connections: 2 }));
        const { measures, windows } = await measureOnce(connect, { ...cell!, ways }, context);
        assert.equal(windows.length, ways.length);
        const isEncrypted = target.endsWith("+tls");
        assert.equal(measures.resumedTlsHandshakes, isEncrypted ? 0 : undefined);
        if (isEncrypted) assert.ok(measures.fullTlsHandshakes! > 0);
        assert.equal(Math.round(measures.coldStartRoundTrips!), stepsOf(target));
      }));
  }

  it("adds a cell over the link that was asked for", async () => {
    const link = { rttMs: 10, jitterMs: 1 };
    const [, cell] = cellsOf(protocolNames[0]!, { ...presets.quick.settings, link });
    assert.deepEqual(cell!.parameters.link, link);
    const { predictions, record } = await measureOnce(connect, cell!, context);
    assert.deepEqual(
      predictions.map(({ verdict }) => verdict),
      ["held"],
    );
    assert.ok(record.histograms.linkUp, "what the link imposed is told");
  });
});
