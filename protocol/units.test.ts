import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBytes, parseCount, parseDurationMs, parseObjective, parsePercent, parseRatePerSecond } from "./units.ts";

test("reads durations, sizes and rates with their units", () => {
  assert.equal(parseDurationMs("250ms"), 250);
  assert.equal(parseDurationMs("1.5s"), 1500);
  assert.equal(parseDurationMs("2m"), 120_000);
  assert.equal(parseDurationMs("1h"), 3_600_000);
  assert.equal(parseBytes("256B"), 256);
  assert.equal(parseBytes("64KiB"), 65_536);
  assert.equal(parseBytes("1.5kB"), 1500);
  assert.equal(parseBytes("4GiB"), 4 * 2 ** 30);
  assert.deepEqual(["4kb", "4KB", "4kib", "4KIB", "256b"].map(parseBytes), [4000, 4000, 4096, 4096, 256]);
  assert.deepEqual(
    ["10k", "10K", "1.5k", "2M"].map((text) => parseCount(text)),
    [10_000, 10_000, 1500, 2_000_000],
  );
  assert.deepEqual(["10k", "1.5k/s"].map(parseRatePerSecond), [10_000, 1500]);
  assert.equal(parseBytes("0.5GB"), 5e8);
  assert.equal(parseRatePerSecond("1000"), 1000);
  assert.equal(parseRatePerSecond("0.5/s"), 0.5);
  assert.equal(parseCount("0", 0), 0);
  assert.equal(parsePercent("5%"), 0.05);
  assert.deepEqual(parseObjective("p99=50ms"), { percentile: 99, delayUsMax: 50_000 });
  assert.deepEqual(parseObjective("p99.9=2s"), { percentile: 99.9, delayUsMax: 2_000_000 });
});

const refused: [(text: string) => unknown, string[]][] = [
  [parseDurationMs, ["10", "10x", "-1s", "0s", "", "s", "1 s", "1e3s"]],
  [parseBytes, ["256", "0.5B", "1GiBB", "-1B", "0B"]],
  [parseRatePerSecond, ["0", "-1", "fast", "1000/m", "Infinity"]],
  [parsePercent, ["5", "0%", "-1%", "x%"]],
  [parseObjective, ["99=50ms", "p100=1s", "p0=1s", "p99", "fast"]],
  [parseCount, ["0", "1.5", "k", "1.2345k", "10kb", "-1", "x", "", "99999999999999999999"]],
];

for (const [parse, texts] of refused) {
  test(`${parse.name} refuses what has no unit or no meaning, and quotes it`, () => {
    for (const text of texts) {
      assert.throws(() => parse(text), {
        code: "usage",
        message: new RegExp(`got "${text.replace(/[.+]/g, "\\$&")}"`),
      });
    }
  });
}
