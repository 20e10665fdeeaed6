import assert from "node:assert/strict";
import { test } from "node:test";
import { claims as known } from "../../results/claims/claims.ts";
import type { DecidedClaim } from "../../results/contract/claim.ts";
import { renderClaims, renderTally } from "./claims-table.ts";
import { plainLook } from "./terminal.ts";

const evidence = {
  what: "websocket",
  scenario: "echo",
  target: "websocket",
  metric: "roundTripP50Us",
  value: 1200,
  low: 1100,
  high: 1300,
};

const decided = (id: string, rest: Partial<DecidedClaim>): DecidedClaim => ({
  id,
  statement: `What is taught about ${id}.`,
  verdict: "holds",
  evidence: [],
  flipsAt: `a measurement of ${id}`,
  command: `wirebench claims ${id}`,
  ...rest,
});

const claims = [
  decided(known[0]!.id, { evidence: [evidence] }),
  decided("second", { verdict: "holds-when", when: "users come back, ".repeat(9) }),
  decided("third", { verdict: "does-not-hold", cause: "a request waits", evidence: [{ ...evidence, what: "sse" }] }),
  decided("fourth", {
    verdict: "not-a-measurement",
    instead: { kind: "fact", says: "it is written down", sources: ["RFC 1"] },
  }),
  decided("fifth", { verdict: "not-measured", because: "no cell was measured" }),
];
const notRun = {
  target: "websocket",
  protocol: "websocket",
  scenario: "stickiness",
  parameters: { connections: 1, payloadBytes: 1, settings: {} },
  state: "not-run",
  reason: "HAProxy is not installed: apt-get install haproxy",
} as const;
const told = { claims, cells: [notRun], interrupted: false };

test("every claim has a line of its own that fits, under the heading it is taught under", () => {
  const lines = renderClaims(told, plainLook).split("\n");
  assert.ok(lines.every((line) => line.length <= plainLook.columns));
  assert.equal(lines[0], known[0]!.about);
  assert.match(lines[1]!, /^\S+ +holds +\S.* 1\.20 ms \(1\.10–1\.30\)$/);
  for (const { id } of claims) assert.equal(lines.filter((line) => line.startsWith(`${id} `)).length, 1, id);
  assert.ok(lines.some((line) => /^second .*…$/.test(line)));
  assert.ok(lines.some((line) => /^fourth +no measurement +a fact: it is written down \(RFC 1\)$/.test(line)));
});

test("a claim that was named is told with its evidence, what turns it and how to measure it again", () => {
  const text = renderClaims(told, plainLook, ["third"]);
  assert.match(text, /^third: What is taught about third\.$/m);
  assert.match(text, /verdict +does not hold/);
  assert.match(text, /why +a request waits$/m);
  assert.match(text, /seen +.*: sse 1\.20 ms \(1\.10–1\.30\)/);
  assert.match(text, /turns with +a measurement of third/);
  assert.match(text, /again +wirebench claims third$/m);
  assert.doesNotMatch(text, /second/);
});

test("what did not run is told once with what installs it, but not what an interrupted run did not get to", () => {
  assert.match(
    renderClaims(told, plainLook),
    /^Not run +HAProxy is not installed: apt-get install haproxy \(1 cell\)$/m,
  );
  assert.doesNotMatch(renderClaims({ ...told, interrupted: true }, plainLook), /HAProxy/);
});

test("verdicts are counted", () => {
  assert.deepEqual(
    renderTally(told, plainLook).join(" "),
    "5 claims: 1 holds, 1 holds when, 1 does not hold, 1 not a measurement, 1 not measured.",
  );
});
