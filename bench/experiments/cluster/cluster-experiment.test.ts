import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterRig } from "../../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings } from "../../rigs/cluster/cluster-setup.ts";
import type { Experiment } from "../contract/experiment.ts";
import type { RunRequest } from "../contract/request.ts";
import { type ClusterCell, clusterExperiment, type Variant } from "./cluster-experiment.ts";
import { nothingMissing } from "./expectations.ts";
import { clusterPresets } from "./presets.ts";
import { setupOf } from "./setup.ts";

/** An experiment with one cell, which never runs. */
const experimentOf = (own: Partial<Variant> = {}, predicts?: ["connection"]): Experiment<ClusterCell, ClusterRig> =>
  clusterExperiment({
    name: "example",
    group: "example",
    title: "Example",
    question: "Is it well?",
    follows: [],
    metrics: [],
    ...(predicts && { predicts }),
    variants: (settings) => [
      {
        name: "one",
        setup: setupOf(settings),
        expectations: [nothingMissing],
        trafficMs: 1,
        run: async () => ({}),
        ...own,
      },
    ],
    sabotage: ([cell]) => ({ cell: cell!, fails: "deliveredFraction" }),
  });

function cellOf(settings: Partial<ClusterSettings>, experiment = experimentOf()): ClusterCell {
  const request = { cluster: { ...clusterPresets.quick, ...settings } } as Partial<RunRequest> as RunRequest;
  return experiment.cells(request)[0]!;
}

test("a cell says which target it is about and what sets it apart", () => {
  const load = { kind: "open", ratePerSecond: 5 } as const;
  const cell = cellOf({}, experimentOf({ load, durationMs: 100, settings: { deadMs: 7 } }));
  assert.deepEqual(cell.target, {
    label: "websocket",
    protocol: "websocket",
    options: cell.target.options,
    system: { kind: "cluster" },
  });
  assert.equal(cell.variant, "one");
  assert.deepEqual(cell.parameters, {
    connections: 30,
    payloadBytes: 256,
    client: "lean",
    load,
    durationMs: 100,
    nodes: 3,
    broker: "none",
    policy: "leastconn+cookie",
    settings: {
      cookies: "kept",
      state: "node",
      resume: false,
      backoff: "full jitter from 100 ms to 2000 ms",
      deadMs: 7,
    },
  });
});

test("a target has the options of its protocol", () => {
  assert.deepEqual(cellOf({ protocol: "short-polling" }).target.options, { "poll-interval": "100ms" });
});

test("a protocol that a load balancer for HTTP cannot carry is a mistake of the caller", () => {
  assert.throws(() => cellOf({ protocol: "tcp" }), { code: "usage", message: /rides on HTTP.*got "tcp"/ });
});

test("predictions about connections are not tried on requests, and the cell says what to do", () => {
  const about = experimentOf({}, ["connection"]);
  assert.equal(about.unfit!(cellOf({}, about)), undefined);
  const reason = about.unfit!(cellOf({ protocol: "long-polling" }, about)) ?? "";
  assert.match(reason, /balancer sees requests.*--protocol websocket/);
});

test("a policy with which nobody gets in is not tried either", () => {
  const { unfit } = experimentOf();
  assert.match(
    unfit!(cellOf({ protocol: "sse", policy: "round-robin" })) ?? "",
    /nobody gets in.*--policy leastconn\+cookie/,
  );
  assert.equal(unfit!(cellOf({ protocol: "sse", policy: "leastconn+cookie" })), undefined);
  assert.equal(unfit!(cellOf({ policy: "round-robin" })), undefined);
});

test("a payload that the broker does not carry is not tried, and the cell says which would be", () => {
  const over = (payloadBytes: number) =>
    experimentOf().unfit!({
      ...cellOf({}),
      setup: setupOf({ ...clusterPresets.quick, payloadBytes }, { broker: "postgres" }),
    });
  assert.equal(over(7000), undefined);
  assert.match(over(7900) ?? "", /postgres carries messages of at most 7999 bytes.*--payload 7487B/);
});
