import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { parseTarget } from "../../targets/target.ts";
import { clusterPresets } from "../cluster/presets.ts";
import { room } from "../room.ts";
import { measureOnce } from "../testing.ts";
import { presets } from "./presets.ts";

test("a fan-out is watched for as long as its cell says, by a sender whose lateness is told", async () => {
  await using programs = new ProgramPool();
  const [cell] = room.cells({
    targets: [parseTarget("tcp")],
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  });
  const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };
  const { windows, measures } = await measureOnce(room, cell!, context);
  assert.deepEqual(
    windows.map(({ durationMs }) => durationMs),
    [cell!.parameters.durationMs],
  );
  assert.ok(measures.dispatchP50Us !== undefined);
  assert.ok(measures.generatorCpuUsPerRecipient! > 0);
});
