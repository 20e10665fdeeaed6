import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { guard } from "./heartbeat.ts";
import type { Session } from "./session.ts";

/** A guard over checks that the test answers, in its own time. */
function guarded(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const checks: PromiseWithResolvers<void>[] = [];
  const seen = { heard: 0, lost: 0 };
  const session = {
    check() {
      const check = Promise.withResolvers<void>();
      checks.push(check);
      return check.promise;
    },
  } as Session;
  const stop = guard(
    session,
    () => seen.heard,
    () => seen.lost++,
  );
  t.after(stop);
  /** In small steps, since one timer starts the next. */
  const elapse = async (ms: number, each = (): void => {}): Promise<void> => {
    for (let at = 0; at < ms; at += 50) {
      each();
      t.mock.timers.tick(50);
      await Promise.resolve();
    }
  };
  return { checks, seen, elapse, stop };
}

test("a session that answers is asked again and again, and never lost", async (t) => {
  const { checks, seen, elapse } = guarded(t);
  await elapse(60_000, () => checks.at(-1)?.resolve());
  assert.ok(checks.length > 30);
  assert.equal(seen.lost, 0);
});

test("one that says nothing at all is lost", async (t) => {
  const { seen, elapse } = guarded(t);
  await elapse(3000);
  assert.equal(seen.lost, 0);
  await elapse(1000);
  assert.equal(seen.lost, 1);
});

test("one that is busy with other things has longer, but not for ever", async (t) => {
  const { seen, elapse } = guarded(t);
  const busy = (): void => void seen.heard++;
  await elapse(10_000, busy);
  assert.equal(seen.lost, 0);
  await elapse(5000, busy);
  assert.equal(seen.lost, 1);
});

test("a check that fails is a loss at once, and none after the guard is stopped", async (t) => {
  const { checks, seen, elapse, stop } = guarded(t);
  await elapse(1000);
  checks[0]!.reject(new Error("gone"));
  await elapse(50);
  assert.equal(seen.lost, 1);
  stop();
  await elapse(60_000);
  assert.equal(seen.lost, 1);
});
