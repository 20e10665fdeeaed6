import assert from "node:assert/strict";
import { test } from "node:test";
import { describeBrokers } from "./described-brokers.ts";

test("brokers are described with the cores that their program can use, and null for all there are", () => {
  const names = [
    "redis",
    "redis-streams+always",
    "valkey",
    "redis-cluster",
    "redis-sentinel",
    "kafka",
    "mqtt+qos0",
    "memory",
  ];
  const cores = describeBrokers(names).map(({ coresMax }) => coresMax);
  assert.deepEqual(cores, [1, 1, 1, null, null, null, null, null]);
});
