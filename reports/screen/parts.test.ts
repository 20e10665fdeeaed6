import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawBar } from "./bars.ts";
import { formatCompact, formatEstimate, formatRatio } from "./compact.ts";
import { decidedOrder } from "./order.ts";
import { shortNamesOf } from "./short-names.ts";
import { verdictCell } from "./verdict.ts";

describe("an order", () => {
  type Entry = readonly [name: string, low: number, high: number];
  const relation = ([, low, high]: Entry, [, otherLow, otherHigh]: Entry) => {
    if (high < otherLow) return "lower";
    if (low > otherHigh) return "higher";
    return low === otherLow && high === otherHigh ? "equal" : "cannot-tell";
  };
  const groups = (...entries: Entry[]) =>
    decidedOrder(entries, relation).map(({ entries: own, isEqual }) =>
      own.map(([name]) => name).join(isEqual ? "=" : ","),
    );

  it("parts those of which every pair is told apart, and no others", () => {
    assert.deepEqual(groups(["a", 1, 2], ["b", 3, 4], ["c", 5, 6]), ["a", "b", "c"]);
    assert.deepEqual(groups(["a", 1, 3], ["b", 2, 4], ["c", 5, 6]), ["a,b", "c"]);
  });

  it("keeps everything together that one of them is not told from", () => {
    assert.deepEqual(groups(["a", 1, 2], ["b", 3, 4], ["restless", 0, 10]), ["a,b,restless"]);
    assert.deepEqual(groups(), []);
  });

  it("says which are equal, which is more than not being told apart", () => {
    assert.deepEqual(groups(["a", 1, 2], ["b", 1, 2], ["c", 5, 6]), ["a=b", "c"]);
  });
});

describe("short names", () => {
  const short = (...all: string[]) => [...shortNamesOf(all).values()];

  it("lose their last words, or the middle of the only one", () => {
    assert.deepEqual(short("WebSocket", "Short polling every 100 ms"), ["WebSocket", "Short polling"]);
    assert.deepEqual(short("websocket=ws://127.0.0.1:9001/"), ["websoc…1:9001/"]);
  });

  it("keep that TLS is spoken", () => {
    const long = ["WebSocket over TLS", "XMPP with STARTTLS", "Short polling every 100 ms over TLS"];
    assert.deepEqual(short("TCP", ...long), ["TCP", "WebSocket+TLS", "XMPP+STARTTLS", "Short polling+TLS"]);
    assert.deepEqual(short("Long polling over TLS", "SSE over HTTP/2 over TLS"), [
      "Long polling+TLS",
      "SSE over HTTP/2+TLS",
    ]);
  });

  it("stay long where they would be taken for each other", () => {
    const alike = ["Short polling every 100 ms", "Short polling every 1 s"];
    assert.deepEqual(short(...alike), alike);
    const others = ["XMPP", "XMPP over WebSocket", "XMPP over BOSH", "XMPP on ejabberd"];
    assert.deepEqual(short(...others), others);
  });
});

describe("compact numbers", () => {
  it("have three digits", () => {
    assert.deepEqual([0, 2.9, 26.5, 980, 2560, 12_000, 75_100, 1_200_000].map(formatCompact), [
      "0",
      "2.90",
      "26.5",
      "980",
      "2560",
      "12.0k",
      "75.1k",
      "1.20M",
    ]);
  });

  it("show a bracket where both ends are known", () => {
    const interval = { value: 53_600, low: 50_000, high: 60_000 };
    const shown = (bound?: "at-least" | "at-most", upTo?: number) =>
      formatEstimate({ kind: "value", interval, bound, upTo }, "perSecond");
    assert.deepEqual([shown(), shown("at-least"), shown("at-least", 71_400)], ["53.6k", "≥53.6k", "54–71k"]);
    assert.equal(shown("at-least", 53_700), "≥54k");
  });

  it("give a ratio as many decimals as it needs, and only the ends that are known", () => {
    assert.equal(formatRatio({ value: 1.1, low: 1.07, high: 1.13 }), "1.10 (1.07–1.13)");
    assert.equal(formatRatio({ value: 331.2, low: 299, high: 388 }), "331 (299–388)");
    assert.equal(formatRatio({ value: 0.0341, low: 0.009, high: 0.2 }), "0.034 (0.009–0.200)");
    assert.equal(formatRatio({ value: 2 }), "2.00");
    assert.equal(formatRatio({ value: 0.8, high: 0.99 }), "0.80 (≤0.99)");
    assert.equal(formatRatio({ value: 1.22, low: 0.0004, high: 2971.2 }), "1.22 (<0.01–2971)");
    assert.equal(formatRatio({ value: 2, low: 1.6 }), "2.00 (≥1.60)");
  });
});

describe("verdicts", () => {
  it("say which way, how equal, or that nobody can tell", () => {
    const said = (verdict: "faster" | "slower" | "equal" | "cannot-tell", low: number, high: number) =>
      verdictCell({ verdict, ratio: { value: 1, low, high } }).text;
    assert.deepEqual(
      [said("faster", 0.4, 0.5), said("slower", 2, 3), said("equal", 0.95, 1.13), said("cannot-tell", 0.5, 4)],
      ["faster", "slower", "±13 %", "unsure"],
    );
  });
});

describe("bars", () => {
  const bar = { share: 0.5, isCut: false, isBound: false };

  it("are as long as their share, hatched for bounds, and end in an arrow where they are cut", () => {
    assert.deepEqual(drawBar(bar, 4), "██  ");
    assert.deepEqual(drawBar({ ...bar, isBound: true }, 4), "▒▒  ");
    assert.deepEqual(drawBar({ ...bar, share: 1, isCut: true }, 4), "███▶");
    assert.deepEqual(drawBar({ ...bar, share: 0.0001 }, 4), "▏   ");
  });
});
