import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { type Backoff, describeBackoff, waitMs } from "./backoff.ts";

const never = (): number => assert.fail("takes no chance");
const waits = (backoff: Backoff, attempts: readonly number[], random = never): number[] =>
  attempts.map((attempt) => waitMs(backoff, attempt, random));

test("no back-off waits for nothing, a fixed one always alike", () => {
  assert.deepEqual(waits({ kind: "none" }, [0, 1, 50]), [0, 0, 0]);
  assert.deepEqual(waits({ kind: "fixed", delayMs: 250 }, [0, 1, 50]), [250, 250, 250]);
});

test("an exponential back-off doubles from its base up to its cap, and stays there however long it goes on", () => {
  const exponential: Backoff = { kind: "exponential", baseMs: 100, capMs: 1500 };
  assert.deepEqual(waits(exponential, [0, 1, 2, 3, 4, 5, 1e6]), [100, 200, 400, 800, 1500, 1500, 1500]);
  assert.deepEqual(waits({ kind: "exponential", baseMs: 0, capMs: 10 }, [0, 2000]), [0, 0]);
});

test("full jitter is spread evenly over the whole exponential wait", () => {
  const backoff: Backoff = { kind: "full-jitter", baseMs: 100, capMs: 1000 };
  const random = seededRandom(1);
  for (const [attempt, upToMs] of [
    [0, 100],
    [2, 400],
    [9, 1000],
  ] as const) {
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) tenths[Math.floor((waitMs(backoff, attempt, random) / upToMs) * 10)]!++;
    assert.equal(tenths.length, 10, "never as long as the exponential wait");
    // Chi-square with 9 degrees of freedom: beyond 33.7 once in ten thousand seeds, and this one is fixed.
    const chiSquare = tenths.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquare < 33.7, `${tenths}`);
  }
});

test("full jitter repeats with its seed", () => {
  const draw = (): number[] => waits({ kind: "full-jitter", baseMs: 100, capMs: 1000 }, [0, 1, 2], seededRandom(5));
  assert.deepEqual(draw(), draw());
});

test("a back-off says its numbers", () => {
  assert.equal(describeBackoff({ kind: "none" }), "at once");
  assert.equal(describeBackoff({ kind: "fixed", delayMs: 5 }), "after 5 ms");
  assert.equal(describeBackoff({ kind: "exponential", baseMs: 1, capMs: 9 }), "exponential from 1 ms to 9 ms");
  assert.equal(describeBackoff({ kind: "full-jitter", baseMs: 1, capMs: 9 }), "full jitter from 1 ms to 9 ms");
});
