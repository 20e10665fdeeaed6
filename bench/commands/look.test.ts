import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";
import { lookOf } from "./look.ts";

const forced = process.env.FORCE_COLOR;
beforeEach(() => {
  delete process.env.FORCE_COLOR;
});
afterEach(() => {
  if (forced !== undefined) process.env.FORCE_COLOR = forced;
});

/** A stream as a terminal of so many colours, or none, shows itself. */
const streamOf = (terminal: { isTTY?: boolean; columns?: number; depth?: number }): NodeJS.WriteStream =>
  Object.assign(new PassThrough(), {
    ...terminal,
    getColorDepth: () => terminal.depth ?? 1,
  }) as unknown as NodeJS.WriteStream;

test("a terminal is painted, and what has no colours or is no terminal is not", () => {
  const painted = (terminal: Parameters<typeof streamOf>[0]) => lookOf(streamOf(terminal)).paint("bad", "slower");
  assert.equal(painted({ isTTY: true, depth: 8 }), "\u001b[31mslower\u001b[39m");
  // What NO_COLOR makes of a terminal.
  assert.equal(painted({ isTTY: true, depth: 1 }), "slower");
  assert.equal(painted({ depth: 8 }), "slower");
});

test("lines are as wide as the terminal", () => {
  assert.equal(lookOf(streamOf({ isTTY: true, columns: 120 })).columns, 120);
  assert.equal(lookOf(streamOf({})).columns, 80);
});
