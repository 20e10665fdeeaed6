import assert from "node:assert/strict";
import { test } from "node:test";
import { OutageLog } from "./outages.ts";

test("an outage has its tries, its end and the first delivery after it, each once", () => {
  const log = new OutageLog();
  log.attempted(1);
  log.disconnected(1, 10, "node-1", "cut");
  log.attempted(1);
  log.attempted(2);
  log.attempted(1);
  log.delivered(1, 15);
  log.reconnected(1, 20, true);
  log.delivered(2, 25);
  log.delivered(1, 30);
  log.delivered(1, 40);
  const expected = {
    user: 1,
    disconnectedNs: 10,
    node: "node-1",
    reason: "cut",
    attempts: 2,
    reconnectedNs: 20,
    found: true,
  };
  assert.deepEqual(log.read(), [{ ...expected, firstDeliveryNs: 30 }]);
});

test("a user that is cut off again before anything arrived has two outages", () => {
  const log = new OutageLog();
  log.disconnected(0, 10, "node-1", "a");
  log.reconnected(0, 20, undefined);
  log.disconnected(0, 30, "node-1", "b");
  log.reconnected(0, 40, false);
  log.delivered(0, 50);
  assert.deepEqual(log.read(), [
    { user: 0, disconnectedNs: 10, node: "node-1", reason: "a", attempts: 0, reconnectedNs: 20 },
    {
      user: 0,
      disconnectedNs: 30,
      node: "node-1",
      reason: "b",
      attempts: 0,
      reconnectedNs: 40,
      found: false,
      firstDeliveryNs: 50,
    },
  ]);
});

test("who leaves on purpose has no outage, and what is over is forgotten", () => {
  const log = new OutageLog();
  log.disconnected(0, 10, "node-1", "a");
  log.left(0);
  log.reconnected(0, 20, true);
  log.disconnected(1, 30, "node-1", "b");
  log.reconnected(1, 40, true);
  log.reset();
  log.delivered(1, 50);
  assert.deepEqual(log.read(), []);
});

test("an outage that lasts is not forgotten: what its user misses from then on is its doing", () => {
  const log = new OutageLog();
  log.disconnected(0, 10, "node-1", "cut");
  log.reset();
  log.reconnected(0, 20, true);
  assert.deepEqual(log.read(), [
    { user: 0, disconnectedNs: 10, node: "node-1", reason: "cut", attempts: 0, reconnectedNs: 20, found: true },
  ]);
  log.reset();
  assert.deepEqual(log.read(), []);
});

test("too many outages are an error and not a part of them", () => {
  const log = new OutageLog();
  for (let i = 0; i <= 20_000; i++) log.disconnected(0, i, "node-1", "flapping");
  assert.throws(() => log.read(), { code: "usage", message: "there were more than 20000 outages to list" });
  log.left(0);
  log.reset();
  assert.deepEqual(log.read(), []);
});
