import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cut, hang, wrap } from "./wrap.ts";

describe("wrapping", () => {
  it("breaks between words, at the width and not before it", () => {
    assert.deepEqual(wrap("aa bb cc", 5), ["aa bb", "cc"]);
    assert.deepEqual(wrap("aa bb cc", 8), ["aa bb cc"]);
    assert.deepEqual(wrap("  aa bb cc", 7, "    "), ["  aa bb", "    cc"]);
  });

  it("keeps a word that is longer than the line whole", () => {
    assert.deepEqual(wrap("see reports/out/report.md now", 10), ["see", "reports/out/report.md", "now"]);
  });

  it("hangs words beside their term, below it where it is too long, and indented where there is no room", () => {
    assert.deepEqual(hang("  sse", "events over a response that never ends", { columns: 34, at: 8 }), [
      "  sse   events over a response",
      "        that never ends",
    ]);
    assert.deepEqual(hang("  long-polling", "one request after another", { columns: 34, at: 8 }), [
      "  long-polling",
      "        one request after another",
    ]);
    assert.deepEqual(hang("  sse", "events over a response", { columns: 20, at: 8 }), [
      "  sse",
      "    events over a",
      "    response",
    ]);
  });

  it("cuts what must not be longer, and says that it did", () => {
    assert.equal(cut("WebSocket", 9), "WebSocket");
    assert.equal(cut("WebSocket", 6), "WebSo…");
  });
});
