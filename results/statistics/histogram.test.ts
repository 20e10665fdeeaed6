import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { build, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import { carriesPercentile, decodeHistogram, restOf, sumHistograms } from "./histogram.ts";

function encoded(...values: number[]): string {
  const histogram = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
  for (const value of values) histogram.recordValue(value);
  return encodeIntoCompressedBase64(histogram);
}

describe("histograms", () => {
  it("add up whatever the order of their ranges", () => {
    const sum = sumHistograms([encoded(1, 2), encoded(5_000_000_000), encoded(3)])!;
    assert.equal(sum.totalCount, 4);
    assert.equal(sum.getValueAtPercentile(50), 2);
    assert.ok(Math.abs(sum.maxValue - 5e9) / 5e9 < 1e-3);
  });

  it("lose a part, also where both reach into the last bucket", () => {
    const last = 2 ** 24 - 1;
    const rest = restOf(encoded(10, 20, last, last), decodeHistogram(encoded(10, last)));
    assert.equal(rest.totalCount, 2);
    assert.equal(rest.getValueAtPercentile(50), 20);
    assert.ok(rest.getValueAtPercentile(100) >= last);
  });

  it("sum to nothing when there are none", () => {
    assert.equal(sumHistograms([]), undefined);
  });

  it("keep three significant digits through encoding", () => {
    const read = decodeHistogram(encoded(123_456)).getValueAtPercentile(50);
    assert.ok(read >= 123_456 && read < 123_456 * 1.001, String(read));
  });

  it("carry a percentile only with 5.7 values beyond it", () => {
    assert.equal(carriesPercentile(11, 50), false);
    assert.equal(carriesPercentile(12, 50), true);
    assert.equal(carriesPercentile(569, 99), false);
    assert.equal(carriesPercentile(571, 99), true);
    assert.equal(carriesPercentile(5600, 99.9), false);
    assert.equal(carriesPercentile(5701, 99.9), true);
  });
});
