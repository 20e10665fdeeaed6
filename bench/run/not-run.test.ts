import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { experimentNamed } from "../experiments/experiments.ts";
import { BrokerPool } from "../rigs/cluster/broker-pool.ts";
import type { ClusterSettings } from "../rigs/cluster/cluster-setup.ts";
import { hasProgram } from "../testing.ts";
import { measureArm } from "./cluster-run.ts";

const { quick } = clusterPresets;
const none: Pick<BrokerPool, "serverOf" | "component"> = {
  serverOf: () => Promise.reject(new Error("not asked for")),
  component: () => Promise.reject(new Error("not asked for")),
};
const options = (settings: ClusterSettings, brokers = none) => ({
  plan: { settings, seed: 1 },
  brokers,
  signal: new AbortController().signal,
  starts() {},
});

test("predictions about connections are not tried on requests, and the cell says what to do", async () => {
  const takingOut = experimentNamed("taking-out");
  const [arm] = takingOut.arms({ ...quick, protocol: "long-polling" });
  const cell = await measureArm(takingOut, arm!, options(quick));
  assert.equal(cell?.state, "not-run");
  assert.match(cell?.state === "not-run" ? cell.reason : "", /balancer sees requests.*--protocol websocket/);
});

test("a policy with which nobody gets in is not tried either", async () => {
  const fanOut = experimentNamed("fan-out");
  const [arm] = fanOut.arms({ ...quick, protocol: "sse", policy: "round-robin" });
  const cell = await measureArm(fanOut, arm!, options(quick));
  assert.match(cell?.state === "not-run" ? cell.reason : "", /nobody gets in.*--policy sticky/);
});

test("an arm that cannot begin with everybody connected is not measured", async (t) => {
  if (!hasProgram(t, "haproxy")) return;
  const pool = new BrokerPool();
  t.after(() => pool.stop());
  const settings = { ...quick, users: 4, nodes: 2, recoveryMsMax: 200 };
  const stickiness = experimentNamed("stickiness");
  const spread = stickiness.arms(settings).find(({ name }) => name === "SSE, round-robin")!;
  // Whoever ignores the cookie does not get in either.
  const setup = { ...spread.setup, mayStayOut: false, policy: "sticky", cookies: "ignored" } as const;
  const cell = await measureArm(stickiness, { ...spread, setup }, options(settings, pool));
  assert.equal(cell?.state, "failed");
  assert.match(cell?.state === "failed" ? cell.reason : "", /of 4 users were connected 0\.2 s after all had tried/);
});
