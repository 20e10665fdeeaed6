/** What others have published, against the arithmetic of the protocols themselves and against real sockets. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocolNames } from "../targets/protocols.ts";
import { parseTarget, traitsOf } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { literature } from "./literature.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellsOf = (target: string) =>
  literature.cells({ targets: [parseTarget(target)], traffic: presets.quick.settings, cluster: clusterPresets.quick });
const exchangeOf = (target: string) => cellsOf(target).find(({ shows }) => shows === "exchange");

describe("the literature", { timeout: 600_000 }, () => {
  it("bounds an exchange by what was published of its way, and by the round trips there must be", () => {
    const bounds = Object.fromEntries(
      protocolNames.map((name) => [name, exchangeOf(name)?.expectations.map(({ expected }) => expected)]),
    );
    const stream = [{ low: 0.99, high: 1.2 }];
    assert.deepEqual(bounds, {
      tcp: stream,
      websocket: stream,
      sse: [{ low: 0.99, high: 1.5 }],
      http: undefined,
      "short-polling": [{ low: 1.98, high: 2.34 }],
      "long-polling": [{ low: 0.99, high: 2.34 }],
      xmpp: stream,
      "xmpp-websocket": stream,
      bosh: [{ low: 0.99, high: 2.98 }],
    });
  });

  it("lets a client that asks seldom wait for its clock", () => {
    const [expectation] = exchangeOf("short-polling+poll-interval=1620ms")!.expectations;
    assert.deepEqual(expectation!.expected, { low: 1.98, high: 12.34 });
  });

  it("says of frames and events what the protocols say of themselves, by another arithmetic", () => {
    const framed = protocolNames.flatMap((name) => cellsOf(name).filter(({ shows }) => shows === "framing"));
    assert.ok(framed.length > 0);
    for (const { target, parameters, expectations } of framed) {
      for (const { metric, expected } of expectations) {
        const direction = metric === "upFramingBytes" ? "up" : "down";
        const own = traitsOf(target).framingBytes!("text", parameters.payloadBytes, direction);
        assert.deepEqual(expected, { low: own, high: own }, `${target.label}, ${parameters.payloadBytes} B`);
      }
    }
  });

  it("names a source for every figure", () => {
    for (const { expectations } of protocolNames.flatMap(cellsOf)) {
      for (const { formula } of expectations) assert.match(formula, /mrjoes|RFC \d+ section|WHATWG/);
    }
  });

  it("sends one message after the other over the link, which no answer is faster than", async () => {
    const cell = exchangeOf("short-polling")!;
    if (cell.shows === "framing") return assert.fail("the first cell is an exchange");
    const parameters = { ...cell.traffic.parameters, durationMs: 700 };
    const brief = { ...cell, parameters, traffic: { ...cell.traffic, parameters } };
    const { measures, record } = await measureOnce(literature, brief, context);
    assert.ok(measures.exchangeOverRoundTripP50Ratio! >= 1.98);
    assert.equal(measures.lostMessages, 0);
    assert.ok(record.histograms.linkUp, "what the link imposed is told");
  });
});
