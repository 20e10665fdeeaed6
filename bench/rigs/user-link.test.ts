import assert from "node:assert/strict";
import { test } from "node:test";
import { LatencyHistogram } from "../../load/recording/latency.ts";
import { impairmentsOf, linkFlags } from "./user-link.ts";

const way = (...lateMs: readonly number[]) => {
  const late = new LatencyHistogram();
  for (const ms of lateMs) late.record(ms * 1e6);
  return { bytes: 1, retransmissions: 0, late: late.encode() };
};

test("half of the round trip is imposed each way, and all of it on a new connection", () => {
  const { up, down, connectMs } = impairmentsOf({ rttMs: 80, downBitsPerSecond: 8e6 });
  assert.deepEqual([up, down, connectMs], [{ delayMs: 40 }, { delayMs: 40, bytesPerSecond: 1e6 }, 80]);
});

test("connections have a line each where that is asked for", () => {
  const { up, down } = impairmentsOf({ rttMs: 80, downBitsPerSecond: 8e6, lines: "per-connection" });
  assert.deepEqual([up, down], [{ delayMs: 40 }, { delayMs: 40, bytesPerSecond: 1e6, isLineOwn: true }]);
});

test("what is lost comes a round trip later, or after Linux's shortest time-out", () => {
  const { up } = impairmentsOf({ rttMs: 80, lossShare: 0.01 });
  assert.deepEqual(up, { delayMs: 40, lossShare: 0.01, fastRetransmitMs: 80, timeoutMs: 280 });
});

test("a link that is late or busy is told, and one that kept its word is not", () => {
  const codes = (...flagged: Parameters<typeof linkFlags>) => linkFlags(...flagged).map(({ code }) => code);
  assert.deepEqual(codes({ rttMs: 80 }, { up: way(0.5), down: way(1) }, 0.3), []);
  assert.deepEqual(codes({ rttMs: 80 }, { up: way(0.5), down: way(5) }, 0.3), ["link-late"]);
  assert.deepEqual(codes({ rttMs: 80 }, { up: way(0.5), down: way(1) }, 0.8), ["link-busy"]);
});
