import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatRatio, timesInWords, verdictInWords, withinInWords } from "./verdict-in-words.ts";

describe("a verdict in words", () => {
  it("says of equal targets how far apart they may be, rounded up", () => {
    const within = (low: number, high: number) => verdictInWords({ ratio: { value: 1, low, high }, verdict: "equal" });
    assert.equal(within(0.98, 1.121), "within 13 %");
    assert.equal(within(0.8, 1), "within 25 %");
    assert.equal(within(1.0038, 1.0038), "within 0.4 %");
    assert.equal(within(1, 1), "exactly the same");
    assert.equal(withinInWords({ value: 1, low: 0.9, high: 1.13 }), "within 13 %");
  });

  it("says of different ones between which ratios the truth lies, rounded outwards", () => {
    const between = (low: number, high: number) =>
      verdictInWords({ ratio: { value: 1, low, high }, verdict: "slower" });
    assert.equal(between(2.42, 3.65), "2.4 to 3.7 times");
    assert.equal(between(1.071, 1.129), "1.07 to 1.13 times");
    assert.equal(between(299.5, 388.2), "299 to 389 times");
    assert.equal(between(2, 2), "2.0 times");
  });

  it("says what is sure even where it cannot tell, and nothing of an end that is unknown", () => {
    const unsure = { value: 1.2, low: 0.9, high: 1.55 };
    assert.equal(verdictInWords({ ratio: unsure, verdict: "cannot-tell" }), "0.90 to 1.55 times");
    assert.equal(timesInWords({ value: 1.2, low: 1.18 }), "at least 1.18 times");
    assert.equal(timesInWords({ value: 1.2, high: 1.55 }), "at most 1.55 times");
    assert.equal(timesInWords({ value: 1.2 }), "unknown");
  });
});

describe("a ratio in a table", () => {
  it("has its interval where both ends are known, and a sign where the value is a bound", () => {
    assert.equal(formatRatio({ ratio: { value: 2.95, low: 2.38, high: 3.65 } }), "2.95× (2.38–3.65)");
    assert.equal(formatRatio({ ratio: { value: 2.95, low: 2.38 }, bound: "at-least" }), "≥ 2.95×");
    assert.equal(formatRatio({ ratio: { value: 2.95 } }), "2.95×");
  });
});
