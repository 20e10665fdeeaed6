import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell } from "../contract/results.ts";
import { brokerCores, clusterCosts, usPerSecond } from "./costs.ts";
import { costCell, knownCosts } from "./testing.ts";

const within = (value: number, expected: number, share: number, what: string): void =>
  assert.ok(Math.abs(value - expected) <= share * expected, `${what}: ${value} is not ${expected}`);

describe("costs of a cluster", () => {
  const kafka = {
    ...knownCosts,
    node: { ...knownCosts.node, usPerWakeUp: 150, usPer: [80, 15, 9] },
    broker: { ...knownCosts.broker, usPerWakeUp: 120 },
  };
  const { brokers, refused } = clusterCosts([costCell("redis"), costCell("kafka", kafka, { seed: 2 })], 2, undefined);

  it("are found again in what they were made of", () => {
    assert.deepEqual([brokers.map(({ broker }) => broker), refused], [["redis", "kafka"], []]);
    const [redis, other] = brokers;
    for (const [found, known] of [
      [redis!, knownCosts],
      [other!, kafka],
    ] as const) {
      within(found.programs.node.costs.usPerWakeUp, known.node.usPerWakeUp, 0.2, "wake-up of a node");
      within(found.programs.node.costs.usPer[0]!, known.node.usPer[0]!, 0.3, "publication at a node");
      within(found.programs.broker.costs.usPerWakeUp, known.broker.usPerWakeUp, 0.2, "wake-up of a broker");
    }
  });

  it("of the same code are one number, whatever the broker", () => {
    const [redis, other] = brokers.map(({ programs }) => programs);
    assert.equal(redis!.node.costs.usPer[2], other!.node.costs.usPer[2]);
    within(redis!.node.costs.usPer[2]!, 9, 0.1, "delivery");
    assert.deepEqual(redis!.proxy, other!.proxy);
  });

  it("are never negative, in no draw", () => {
    for (const { programs } of brokers) {
      for (const { costs, draws, predictive } of Object.values(programs)) {
        for (const { idleUsPerSecond, usPerWakeUp, usPer } of [costs, ...draws, ...predictive]) {
          for (const us of [idleUsPerSecond, usPerWakeUp, ...usPer]) assert.ok(us >= 0);
        }
      }
    }
  });

  it("say what a load that nobody measured takes", () => {
    const rates = [300, 1200, 12_000];
    const [{ programs }] = brokers as [(typeof brokers)[number]];
    within(usPerSecond(programs.node.costs, rates, 1), usPerSecond(knownCosts.node, rates, 1), 0.1, "node");
  });

  it("per message fall with the load, and end in a busy program, not beyond", () => {
    const perMessage = (messages: number): number => usPerSecond(knownCosts.node, [0, messages, 0], 1) / messages;
    assert.ok(perMessage(200) > 3 * perMessage(50_000));
    assert.ok(usPerSecond(knownCosts.node, [0, 190_000, 0], 1) <= 1e6);
  });

  it("are refused where the cell failed, is invalid, or did not do what was expected", () => {
    const cell = costCell("redis");
    const failed: Cell = { ...cell, state: "failed", reason: "node-1 died" };
    const invalid: Cell = { ...cell, validity: { verdict: "invalid", flags: [] } };
    const expectation = { statement: "everything arrives", formula: "1", metric: "deliveredFraction", expected: {} };
    const missed: Cell = { ...cell, predictions: [{ ...expectation, verdict: "failed" }] };
    for (const [bad, why] of [
      [failed, /failed: node-1 died/],
      [invalid, /invalid/],
      [missed, /prediction failed that everything arrives/],
    ] as const) {
      const found = clusterCosts([bad, costCell("nats")], 2, []);
      assert.deepEqual(
        found.brokers.map(({ broker }) => broker),
        ["nats"],
      );
      assert.match(found.refused[0]!.why, why);
    }
    const empty: Cell = { ...cell, trials: [{ ...cell.trials[0]!, windows: [] }] };
    assert.match(clusterCosts([empty, costCell("nats")], 2, []).refused[0]!.why, /too few windows/);
  });
});

it("a broker can use as many cores as it says, and in older results as many as was known then", () => {
  const coresOf = (name: string, coresMax?: number | null): number => {
    const said = { name, title: name, delivery: "at-most-once", history: false, order: "total", outage: "" } as const;
    return brokerCores(name, 4, [{ ...said, ...(coresMax !== undefined && { coresMax }) }]);
  };
  assert.deepEqual([coresOf("new", 1), coresOf("new", 3), coresOf("new", 8), coresOf("new", null)], [1, 3, 4, 4]);
  assert.deepEqual([coresOf("redis"), coresOf("redis-cluster"), coresOf("redis", null)], [1, 4, 4]);
});
