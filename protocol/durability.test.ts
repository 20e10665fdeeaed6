import assert from "node:assert/strict";
import { test } from "node:test";
import { type Durability, fsyncPolicies, lossesOf } from "./durability.ts";

const alone = (fsync: Durability["fsync"]): Durability => ({ fsync, replicas: 1, acknowledgedBy: 1 });

test("what keeps nothing survives nothing, whatever its files do", () => {
  for (const fsync of fsyncPolicies) {
    assert.equal(lossesOf({ history: false, durability: alone(fsync) }).survives, "nothing");
  }
});

test("of a single process, only a sync before the acknowledgement survives its machine", () => {
  const survivors = fsyncPolicies.filter(
    (fsync) => lossesOf({ history: true, durability: alone(fsync) }).survives === "machine",
  );
  assert.deepEqual(survivors, ["before acknowledging"]);
  assert.match(lossesOf({ history: true, durability: alone("every second") }).machineCrashed, /2 s/);
});

test("a copy counts only if it was there when the publisher was told", () => {
  const survives = (acknowledgedBy: number) =>
    lossesOf({ history: true, durability: { fsync: "by the kernel", replicas: 3, acknowledgedBy } }).survives;
  assert.equal(survives(1), "nothing");
  assert.equal(survives(2), "machine");
});
