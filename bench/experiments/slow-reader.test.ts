import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ProgramPool } from "../rigs/program-pool.ts";
import { parseTarget } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { slowReader } from "./slow-reader.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellOf = (target: string) =>
  slowReader.cells({
    targets: [parseTarget(target)],
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  })[0]!;

test("only servers that tell what waits for a reader are asked, and nothing is predicted of what is compressed", () => {
  assert.match(slowReader.unfit!(cellOf("xmpp@prosody"))!, /only the server/);
  assert.equal(slowReader.unfit!(cellOf("sse")), undefined);
  assert.equal(cellOf("sse").expectations.length, 3);
  assert.equal(cellOf("sse+deflate").expectations.length, 1);
});

test("a reader that does not fetch its messages is given up at the bound, and told so when it comes back", async () => {
  const cell = cellOf("long-polling");
  // So seldom that the others may pause for longer than a busy machine does.
  const load = { kind: "open", ratePerSecond: 96 } as const;
  const parameters = { ...cell.parameters, load, warmupMs: 0 };
  const { measures, predictions, record, windows } = await measureOnce(slowReader, { ...cell, parameters }, context);
  assert.deepEqual(
    predictions.filter(({ verdict }) => verdict !== "held"),
    [],
  );
  assert.deepEqual(
    windows.map(({ name }) => name),
    ["all read", "one stopped"],
  );
  assert.ok(measures.givenUpMs! > 0);
  assert.ok(measures.othersP90Us! > 0 && measures.othersBeforeP90Us! > 0);
  assert.deepEqual(
    record.events.map(({ subject }) => subject),
    ["one reader", "server", "one reader"],
  );
  assert.match(record.events[2]!.what, /ended by the server: status 410/);
});
