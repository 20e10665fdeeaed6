import assert from "node:assert/strict";
import { test } from "node:test";
import { SilenceWatch } from "./silence.ts";

test("silence is told once, after the last period that is put up with", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let told = 0;
  const watch = new SilenceWatch({ periodMs: 100, periodsMax: 3, silent: () => told++ });
  t.mock.timers.tick(300);
  watch.heard();
  t.mock.timers.tick(300);
  assert.equal(told, 0);
  t.mock.timers.tick(100);
  assert.equal(told, 1);
  t.mock.timers.tick(10_000);
  assert.equal(told, 1);
});

test("nothing is told once it is stopped", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const watch = new SilenceWatch({ periodMs: 100, periodsMax: 1, silent: () => assert.fail() });
  watch.stop();
  t.mock.timers.tick(10_000);
});
