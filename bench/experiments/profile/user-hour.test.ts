import assert from "node:assert/strict";
import { test } from "node:test";
import { sizesInTurn } from "./sizes.ts";
import { messageCosts, standingOf, userCosts } from "./user-hour.ts";

const carried = {
  connections: 10,
  countedMs: 2000,
  countedMessages: 100,
  wireBytes: 12_000,
  durationMs: 1000,
  messages: 50,
  cpuUs: 6000,
};

test("a message costs what a window used above the same connections at rest", () => {
  // 10 connections for 2 s at 100 B/s are 2,000 B; of 6,000 us 1,000 would have been used anyway.
  assert.deepEqual(messageCosts(carried, { wireBytes: 100, cpuUs: 90, serverCpuUs: 1000 }), { bytes: 100, cpuUs: 100 });
  assert.deepEqual(messageCosts(carried, { wireBytes: 1000, cpuUs: undefined, serverCpuUs: undefined }), {
    bytes: 0,
    cpuUs: undefined,
  });
});

test("being connected costs what a server uses above an empty one, and what crosses the wire at rest", () => {
  const empty = { cpuUs: 300, wireBytes: 0 };
  assert.deepEqual(standingOf({ empty, atRest: { cpuUs: 1300, wireBytes: 4000 } }, 10, 2000), {
    wireBytes: 200,
    cpuUs: 50,
    serverCpuUs: 650,
  });
  assert.equal(standingOf({ empty, atRest: { cpuUs: 200, wireBytes: 0 } }, 10, 2000).cpuUs, 0);
});

test("a user-hour is being connected, the messages of the active share, and a part of connecting", () => {
  const sizes = [{ bytes: 100, share: 1 }];
  const profile = {
    up: { perUserSecond: 1, sizes },
    down: { perUserSecond: 2, sizes },
    idleShare: 0.75,
    sessionMs: 1_800_000,
  };
  const costs = userCosts(profile, { wireBytes: 1, cpuUs: 10, serverCpuUs: 150 }, 500, {
    up: { bytes: 100, cpuUs: 40 },
    down: { bytes: 50, cpuUs: 20 },
  });
  assert.deepEqual(costs, {
    standingBytesPerUserHour: 3600 + 1000,
    wireBytesPerUserHour: 3600 + 1000 + 3600 * 0.25 * (100 + 2 * 50),
    cpuUsPerUserSecond: 10 + 0.25 * (40 + 2 * 20),
  });
});

test("sizes come in their shares, in any stretch about as in all", () => {
  const turn = sizesInTurn([
    { bytes: 100, share: 0.8 },
    { bytes: 400, share: 0.18 },
    { bytes: 4096, share: 0.02 },
  ]);
  const count = (bytes: number, of = turn): number => of.filter((one) => one === bytes).length;
  assert.deepEqual([count(100), count(400), count(4096)], [80, 18, 2]);
  for (let start = 0; start < turn.length; start += 20) {
    const common = count(100, turn.slice(start, start + 20));
    assert.ok(common >= 14 && common <= 18, `${common} of 20 from ${start}`);
  }
});
