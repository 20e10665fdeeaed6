import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpCell, sixTargets } from "../../reports/testing.ts";
import type { MeasuredCell, Observed } from "../contract/results.ts";
import { compressionOf, processesOf, tlsHandshakesOf, tlsOf, wasObserved } from "./observed.ts";

const seen: Observed = {
  processes: [
    { pid: 12, command: "node" },
    { pid: 13, command: "node" },
  ],
  tls: ["TLSv1.3 TLS_AES_256_GCM_SHA384"],
  tlsHandshakes: { full: 3, resumed: 1 },
  compression: ["gzip"],
};

test("tells each thing that was seen in any trial once, and nothing of what was not looked at", () => {
  const cell = madeUpCell("echo", sixTargets[0]!) as MeasuredCell;
  const looked = { ...cell, trials: cell.trials.map((trial) => ({ ...trial, observed: seen })) };
  assert.deepEqual([wasObserved([cell]), wasObserved([looked])], [false, true]);
  assert.deepEqual([processesOf([cell]), tlsOf([cell]), compressionOf([cell])], [[], [], []]);
  assert.deepEqual(
    [processesOf([looked, cell]), tlsOf([looked]), compressionOf([looked])],
    [seen.processes, seen.tls, seen.compression],
  );
  const { full, resumed } = tlsHandshakesOf([looked, cell])!;
  assert.equal(full, 3 * resumed);
  assert.equal(tlsHandshakesOf([cell]), undefined);
});
