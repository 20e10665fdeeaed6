import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../protocol/random.ts";
import { protocols } from "../../targets/protocols.ts";
import { embeddedTarget, parseTarget, type Target } from "../../targets/target.ts";
import { expectedOfPushes, expectedParkedShare } from "./expected.ts";

const traffic = { ratePerSecond: 10, connections: 16, payloadBytes: 256, values: 1000 };
const link = { rttMs: 80 };
const receiving = (downlink: "stream" | "held-request"): Target =>
  embeddedTarget(protocols.find(({ server }) => server.traits.downlink === downlink)!.server.traits.name);

/** What is expected of a metric, in milliseconds. */
function rangeMs(target: Target, metric: string, changed: object = {}): readonly [number, number] | undefined {
  const found = expectedOfPushes(target, { ...traffic, ...changed }).find(
    (expectation) => expectation.metric === metric,
  );
  return found && [found.expected.low! / 1000, found.expected.high! / 1000];
}

test("the share of values that find a request waiting is that of a simulated user", () => {
  for (const [ratePerSecond, gapMs] of [
    [1, 80],
    [10, 80],
    [20, 80],
  ] as const) {
    const random = seededRandom(1);
    const values = 100_000;
    let parked = 0;
    let now = 0;
    // The request after the last answer arrives then, and whether something waits for it.
    let requestAt = 0;
    let waits = false;
    for (let value = 0; value < values; value++) {
      now -= (Math.log(1 - random()) / ratePerSecond) * 1000;
      while (waits && requestAt <= now) {
        waits = false;
        requestAt += gapMs;
      }
      if (now < requestAt) waits = true;
      else {
        parked++;
        requestAt = now + gapMs;
      }
    }
    const expected = expectedParkedShare(ratePerSecond, gapMs);
    assert.ok(Math.abs(parked / values - expected) < 0.01, `${parked / values} is not ${expected}`);
  }
  assert.equal(expectedParkedShare(100, 0), 1);
});

test("a stream is expected to take one transit, and 50 ms more are too late", () => {
  assert.deepEqual(rangeMs(receiving("stream"), "pushP50Us"), [0, 20]);
  assert.deepEqual(rangeMs(receiving("stream"), "pushP50Us", { link }), [38, 60]);
});

test("a poll is expected to take half an interval, or half of what an answer makes of it", () => {
  const meanOf = (interval: string, changed = {}) =>
    rangeMs(parseTarget(`short-polling+poll-interval=${interval}`), "pushMeanUs", changed)!.map(Math.round);
  assert.deepEqual(meanOf("500ms"), [200, 320]);
  assert.deepEqual(meanOf("50ms"), [20, 50]);
  // Each second poll is still unanswered when the next is due.
  assert.deepEqual(meanOf("50ms", { link }), [80, 120]);
});

test("a held request is expected to take a transit while it waits and two on average while it does not", () => {
  const target = receiving("held-request");
  assert.deepEqual(rangeMs(target, "parkedPollP50Us", { link }), [38, 60]);
  assert.deepEqual(rangeMs(target, "betweenPollsP50Us", { link }), [60, 120]);
  // Of a hundred values a second hardly one finds a request, and of one a second hardly one does not.
  assert.equal(rangeMs(target, "parkedPollP50Us", { link, ratePerSecond: 100 }), undefined);
  assert.equal(rangeMs(target, "betweenPollsP50Us", { link, ratePerSecond: 1, values: 230 }), undefined);
  assert.equal(rangeMs(target, "betweenPollsP50Us"), undefined);
});

test("of a line without room only what arrives is expected", () => {
  const narrow = { link: { rttMs: 80, downBitsPerSecond: 1e6 }, ratePerSecond: 100 };
  for (const { server } of protocols) {
    const metrics = expectedOfPushes(embeddedTarget(server.traits.name), { ...traffic, ...narrow }).map(
      ({ metric }) => metric,
    );
    assert.deepEqual(metrics, ["lostMessages", "censoredMessages", "duplicatedMessages"], server.traits.name);
  }
});
