import assert from "node:assert/strict";
import { test } from "node:test";
import type { Results } from "../../results/contract/results.ts";
import { renderReport } from "../report.ts";
import { madeUpResults, sixTargets } from "../testing.ts";

const websocket = sixTargets.find(({ target }) => target === "websocket")!;
const secured = {
  ...websocket,
  target: "websocket+tls",
  protocol: "websocket",
  cpuUs: 2 * websocket.cpuUs!,
  overheadBytes: websocket.overheadBytes + 44,
};

/** The same results as of a target that speaks TLS. */
function withTls(results: Results, options: Record<string, string> = { tls: "direct" }): Results {
  return {
    ...results,
    targets: results.targets.map((target) =>
      target.label === secured.target ? { ...target, title: "WebSocket over TLS", options } : target,
    ),
  };
}

const sectionOf = async (results: Results): Promise<string | undefined> =>
  /## What TLS costs[\s\S]*?(?=\n## )/.exec((await renderReport(results)).get("report.md")!)?.[0];

test("a target over TLS stands beside the same one without, whichever came first", async () => {
  for (const targets of [
    [websocket, secured],
    [secured, websocket],
  ]) {
    const section = await sectionOf(withTls(madeUpResults(targets, { scenarios: ["echo", "throughput", "idle"] })));
    assert.match(section!, /\| WebSocket over TLS +\| Server CPU per message, echo +\|.*\| +2\.00×/);
    assert.match(section!, /\| ″ +\| Server CPU per message, throughput +\|.*\| +2\.00×/);
    assert.match(section!, /\| ″ +\| Connect p50, echo +\|.*\| +1\.00×/);
    assert.match(section!, /\| ″ +\| Wire bytes per round trip, echo +\| +\d+ B.*\| +\d+ B.*\| +1\.0\d×/);
    assert.match(section!, /\| ″ +\| Memory per connection, idle +\|/);
    assert.equal(section!.match(/Connect p50/g)!.length, 1, "connections are opened alike whatever the load");
  }
});

test("nothing is said where neither of the two has a number that may be shown", async () => {
  const invalid = { echo: "invalid", throughput: "invalid" } as const;
  const both = madeUpResults([websocket, { ...secured, verdict: invalid }], { scenarios: ["echo", "throughput"] });
  assert.equal(await sectionOf(withTls(both)), undefined);
});

test("nothing is said of targets that differ in something else, and where only one of the two is there", async () => {
  const both = madeUpResults([websocket, secured]);
  assert.equal(await sectionOf(withTls(both, { tls: "direct", "poll-interval": "1s" })), undefined);
  assert.equal(await sectionOf(withTls(madeUpResults([secured]))), undefined);
  assert.equal(await sectionOf(madeUpResults([websocket])), undefined);
});
