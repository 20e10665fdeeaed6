import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memorySessions } from "./sessions.ts";

describe("sessions in memory", () => {
  it("are opened, stepped and found again, and an unknown one is not taken over", async () => {
    const sessions = memorySessions();
    const { session, ...opened } = await sessions.open();
    assert.deepEqual(opened, { found: false, steps: 0 });
    assert.deepEqual(await sessions.step(session), { found: true, steps: 1 });
    assert.deepEqual(await sessions.open(session), { session, found: true, steps: 1 });
    const other = await sessions.open("made-up");
    assert.deepEqual([other.found, other.steps], [false, 0]);
    assert.notEqual(other.session, "made-up");
    assert.deepEqual(await sessions.step("made-up"), { found: false, steps: 0 });
  });

  it("forget the one used longest ago when there are too many", async () => {
    const sessions = memorySessions({ sessionsMax: 2 });
    const [first, second] = [await sessions.open(), await sessions.open()];
    await sessions.step(first!.session);
    await sessions.open();
    assert.equal((await sessions.step(second!.session)).found, false);
    assert.deepEqual(await sessions.step(first!.session), { found: true, steps: 2 });
  });
});
