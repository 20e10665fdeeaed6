/** Which of two messages comes first: the small one, or the large one it was asked for after. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ProgramPool } from "../rigs/program-pool.ts";
import { parseTarget } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { headOfLine } from "./head-of-line.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellsOf = (target: string) =>
  headOfLine.cells({
    targets: [parseTarget(target)],
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  });

/** So slow that a process has to stand still for longer than any does before another message comes first. */
const link = { rttMs: 20, downBitsPerSecond: 5e6 };
/** The small one was asked for one round trip later: it took as long as the large one, or less than this share of it. */
const between = 0.65;

const first: Readonly<Record<string, "large" | "small">> = {
  "same connection": "large",
  "second connection": "small",
  "second stream": "large",
  "second stream, windows of 64 KiB": "small",
};

describe("the head-of-line experiment", { timeout: 600_000, concurrency: 3 }, () => {
  it("has streams only where the protocol has them", () => {
    assert.equal(cellsOf("websocket").length, 2);
    assert.deepEqual(
      cellsOf("sse+h2").map(({ variant }) => variant),
      Object.keys(first),
    );
  });

  it("expects less of what compression can take off", () => {
    const [plain, compressed] = ["websocket", "websocket+deflate"].map(
      (target) => cellsOf(target)[0]!.expectations[0]!.expected.low!,
    );
    assert.ok(compressed! < plain!);
  });

  it("is for servers that send on demand", () => {
    const [cell] = cellsOf("websocket=ws://127.0.0.1:9/");
    assert.match(headOfLine.unfit!(cell!)!, /large messages on demand/);
  });

  const measured = [...cellsOf("websocket+deflate").slice(0, 1), ...cellsOf("sse+h2").slice(1)];
  for (const cell of measured) {
    const { target, variant } = cell;
    it(`finds on ${target.label} which message comes first: ${variant}`, async () => {
      const { measures } = await measureOnce(headOfLine, { ...cell, link, repeats: 1 }, context);
      const { probeBehindLargeP50Us: smallUs, largeMessageP50Us: largeUs } = measures;
      assert.equal(smallUs! < between * largeUs! ? "small" : "large", first[variant], `${smallUs} us, ${largeUs} us`);
    });
  }
});
