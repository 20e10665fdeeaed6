import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDuration, formatInterval, formatList, formatQuantity, formatRange, plural } from "./format.ts";

describe("quantities", () => {
  it("writes delays with three significant digits in the unit that reads best", () => {
    const written = [0.304, 1, 9.996, 39.199, 151.4, 999.6, 1390.6, 52_345, 1.5e6].map((us) =>
      formatQuantity(us, "us"),
    );
    assert.deepEqual(written, [
      "304 ns",
      "1.00 µs",
      "10.0 µs",
      "39.2 µs",
      "151 µs",
      "1.00 ms",
      "1.39 ms",
      "52.3 ms",
      "1.50 s",
    ]);
  });

  it("never writes 0 for a delay", () => {
    for (const us of [0, 1e-9, 1e-5, 0.0004, 0.001, 0.04]) {
      assert.doesNotMatch(formatQuantity(us, "us"), /^0(\.0*)? /, String(us));
    }
    assert.equal(formatQuantity(0, "us"), "<1 ns");
  });

  it("groups thousands before the decimal point only", () => {
    assert.equal(formatQuantity(65_525.7, "perSecond"), "65,500/s");
    assert.equal(formatQuantity(1234.5, "bytes"), "1,235 B");
    assert.equal(formatQuantity(0.04171, "ratio"), "0.0417×");
    assert.equal(formatQuantity(1_234_567, "messages"), "1,234,567");
  });

  it("does not round a ratio to an even 1 unless it is one", () => {
    assert.equal(formatQuantity(1.00383, "ratio"), "1.004×");
    assert.equal(formatQuantity(1, "ratio"), "1.00×");
  });

  it("writes shares in percent, and never rounds to all or to nothing", () => {
    const written = [0, 1 / 3, 0.05, 0.99996, 0.9999999, 1, 1e-9].map((share) => formatQuantity(share, "share"));
    assert.deepEqual(written, ["0 %", "33.3 %", "5.00 %", "99.996 %", "99.99999 %", "100 %", "<0.001 %"]);
  });

  it("writes clocks from milliseconds, and counts whole unless the median lies between two", () => {
    assert.deepEqual(
      [0, 0.25, 4, 1350].map((ms) => formatQuantity(ms, "ms")),
      ["<1 ms", "250 µs", "4.00 ms", "1.35 s"],
    );
    assert.deepEqual(
      [0, 10.5, 12_345, 10_000.000000000002].map((count) => formatQuantity(count, "count")),
      ["0", "10.5", "12,345", "10,000"],
    );
  });

  it("writes a range with its unit once where both ends share it", () => {
    assert.equal(formatRange(0.2, 0.47, "share"), "20.0–47.0 %");
    assert.equal(formatRange(0.33332, 0.33334, "share"), "33.3 %");
    assert.equal(formatRange(900, 1500, "ms"), "900 ms–1.50 s");
  });

  it("writes whole bytes as whole numbers", () => {
    assert.deepEqual(
      [12, 12.34, 522, 150_000].map((bytes) => formatQuantity(bytes, "bytes")),
      ["12 B", "12.3 B", "522 B", "146 KiB"],
    );
  });
});

describe("intervals", () => {
  it("share the unit of the median where they can", () => {
    assert.equal(formatInterval({ value: 151, low: 148, high: 160 }, "us"), "151 µs (148–160)");
  });

  it("have units of their own where they differ", () => {
    assert.equal(formatInterval({ value: 984, low: 304, high: 8389 }, "us"), "984 µs (304 µs–8.39 ms)");
  });

  it("show one number where all trials read the same", () => {
    assert.equal(formatInterval({ value: 522, low: 522, high: 522 }, "bytes"), "522 B");
    assert.equal(formatInterval({ value: 100.2, low: 100.1, high: 100.3 }, "us"), "100 µs");
  });
});

describe("words", () => {
  it("writes chosen lengths of time exactly", () => {
    assert.deepEqual([100, 450, 1500, 60_000, 150_000].map(formatDuration), [
      "100 ms",
      "450 ms",
      "1.5 s",
      "60 s",
      "2.5 min",
    ]);
  });

  it("writes lists and numbers of things", () => {
    assert.equal(formatList([]), "");
    assert.equal(formatList(["A", "B", "C"]), "A, B and C");
    assert.deepEqual([plural(1, "trial"), plural(3, "trial")], ["1 trial", "3 trials"]);
  });
});
