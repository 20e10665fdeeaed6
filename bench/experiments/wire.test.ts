/** Bytes of one message on the real wire, held against the arithmetic of the documents. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Capture } from "../../results/contract/capture.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocolNames } from "../targets/protocols.ts";
import { parseTarget, traitsOf } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { measureOn, measureOnce } from "./testing.ts";
import { wire } from "./wire.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellsOf = (target: string) =>
  wire.cells({
    targets: [parseTarget(target)],
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  });

/** Of a small message, whatever its protocol; the id of a session is as good as a password. */
function keepsEveryByteButNoId(captures: readonly Capture[]): void {
  assert.deepEqual(new Set(captures.map(({ direction }) => direction)), new Set(["up", "down"]));
  for (const { hex, layer } of captures.flatMap(({ parts }) => parts)) {
    if (layer === "payload") continue;
    assert.doesNotMatch(Buffer.from(hex, "hex").toString("latin1"), /[\w-]{20,}/);
  }
}

// It waits for silence between messages.
describe("the wire experiment", { timeout: 600_000, concurrency: 2 }, () => {
  for (const name of protocolNames) {
    it(`finds on ${name} the framing that its trait tells, to the byte, and keeps the bytes of a small message`, async () => {
      assert.ok(traitsOf(parseTarget(name)).framingBytes, "it tells its framing");
      const sizes = cellsOf(name).filter(({ parameters }) => [40, 65_536].includes(parameters.payloadBytes));
      await using rig = await wire.open(sizes[0]!, context);
      for (const cell of sizes) {
        const { predictions, measures, captures } = await measureOn(rig, wire, cell);
        const found = predictions.map(({ metric, expected, measured }) => ({ metric, expected, measured }));
        assert.ok(
          predictions.every(({ verdict }) => verdict === "held"),
          `${cell.variant}: ${JSON.stringify(found)}`,
        );
        assert.equal(predictions.filter(({ metric }) => metric.endsWith("FramingBytes")).length, 2);
        const { payloadBytes } = cell.parameters;
        for (const way of ["up", "down"] as const) {
          const layers = ["Framing", "Http", "Tls", "TcpIp"] as const;
          const around = layers.reduce((sum, layer) => sum + measures[`${way}${layer}Bytes`]!, 0);
          assert.equal(measures[`${way}WireBytes`], payloadBytes + around, "layers and payload are all there is");
        }
        if (cell === sizes[0]) keepsEveryByteButNoId(captures);
      }
    });
  }

  it("tells the records of TLS apart from what is in them", async () => {
    const name = protocolNames.find((one) => traitsOf(parseTarget(one)).schemes.includes("ws:"))!;
    const cell = cellsOf(`${name}+tls`).find(({ parameters }) => parameters.payloadBytes === 40)!;
    const { predictions, measures } = await measureOnce(wire, cell, context);
    assert.ok(predictions.every(({ verdict }) => verdict === "held"));
    assert.deepEqual([measures.downTlsBytes, measures.downFramingBytes], [22, 2]);
  });

  it("does not guess what is in the records of HTTP over TLS", async () => {
    const name = protocolNames.find((one) => traitsOf(parseTarget(one)).schemes.includes("http:"))!;
    const cell = cellsOf(`${name}+tls`).find(({ parameters }) => parameters.payloadBytes === 40)!;
    const { measures } = await measureOnce(wire, cell, context);
    assert.ok(measures.upTlsBytes! >= 22);
    assert.deepEqual([measures.upFramingBytes, measures.upHttpBytes], [undefined, undefined]);
  });
});
