import assert from "node:assert/strict";
import { it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { lookRegularly } from "./patience.ts";

it("looks for silent peers at its interval, but not after this process was busy for longer", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const clock = { ms: 0 };
  const looks: number[] = [];
  lookRegularly(
    100,
    () => looks.push(clock.ms),
    () => clock.ms,
  );
  for (const ms of [100, 200, 1200, 1300]) {
    clock.ms = ms;
    t.mock.timers.tick(100);
    await turn();
  }
  assert.deepEqual(looks, [100, 200, 1300]);
});
