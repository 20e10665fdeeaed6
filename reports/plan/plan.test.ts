import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell, MeasuredCell, Results } from "../../results/contract/results.ts";
import { type Costs, usPerSecond } from "../../results/summary/costs.ts";
import { costCell, knownCosts } from "../../results/summary/testing.ts";
import { plainColumns } from "../text/wrap.ts";
import { clusterResultsOf } from "../view/testing.ts";
import { type PlanRequest, planCluster } from "./plan.ts";
import { planAsData, renderPlanMarkdown, renderPlanText } from "./plan-views.ts";
import { type CoresUsed, sizeCluster } from "./sizing.ts";

const traffic = { messagesPerUserPerSecond: 0.1, fanout: 20 };
const asked: PlanRequest = {
  ...traffic,
  users: 100_000,
  cpuTarget: 0.6,
  nodeMemoryBytes: 2 ** 32,
  memoryTarget: 0.75,
  machineCores: 1,
};
const resultsWith = (...cells: Cell[]): Results => clusterResultsOf(cells);
const results = resultsWith(costCell("redis"), costCell("kafka", knownCosts, { seed: 2 }));
const origin = { file: "results.json", results };

describe("the size of a cluster", () => {
  const room = { cpuTarget: 0.6, brokerCores: 1, proxyCores: 2 };
  const used: CoresUsed = (program, { publicationsPerSecond: messages, deliveriesPerSecond: deliveries, nodes }) => {
    const rates = {
      node: [messages / nodes, messages, deliveries / nodes],
      proxy: [messages, deliveries],
      broker: [messages, messages * nodes],
    };
    const cores = { node: 1, proxy: 2, broker: 1 };
    return usPerSecond(knownCosts[program] as Costs, rates[program], cores[program]) / 1e6;
  };
  const size = (users: number) => sizeCluster(users, traffic, used, room);

  it("has the fewest nodes that stay within their target", () => {
    const { nodes, nodeCores } = size(100_000);
    assert.ok(nodes > 1 && nodeCores <= 0.6);
    const load = { publicationsPerSecond: 10_000, deliveriesPerSecond: 200_000, nodes: nodes - 1 };
    assert.ok(used("node", load) > 0.6);
    assert.equal(size(20).nodes, 1);
  });

  it("ends where the broker does, or where hearing everything fills a node", () => {
    const { usersMax, usersMaxNodes, limit } = size(20_000);
    assert.equal(limit, "broker");
    const at = (users: number, nodes: number) =>
      used("broker", { publicationsPerSecond: users / 10, deliveriesPerSecond: users * 2, nodes });
    assert.ok(at(usersMax, usersMaxNodes) <= 0.6);
    const strong = sizeCluster(20_000, traffic, used, { ...room, brokerCores: 1e6 });
    assert.equal(strong.limit, "node");
    assert.ok(strong.usersMax > usersMax);
    assert.equal(sizeCluster(strong.usersMax * 2, traffic, used, room).nodes, Number.POSITIVE_INFINITY);
  });

  it("has what memory needs, if that is more", () => {
    assert.equal(sizeCluster(20_000, traffic, used, { ...room, connectionsPerNode: 100 }).nodes, 200);
    assert.equal(sizeCluster(9, traffic, used, { ...room, connectionsPerNode: 0 }).nodes, Number.POSITIVE_INFINITY);
  });

  it("does not take one user for granted", () => {
    assert.equal(sizeCluster(1, { messagesPerUserPerSecond: 1e6, fanout: 1 }, used, room).oneNodeUsers, 0);
  });
});

describe("a capacity plan", () => {
  const plan = planCluster(asked, results);

  it("has an interval around every figure, for every broker", () => {
    assert.equal(plan.brokers.length, 2);
    for (const { figures } of plan.brokers) {
      for (const [name, { value, low, high }] of Object.entries(figures)) {
        assert.ok(low <= value && value <= high, `${name}: ${low} ${value} ${high}`);
      }
      assert.ok(figures.oneNodeUsers.low < figures.oneNodeUsers.high);
    }
  });

  it("fits on one screen, also where it is not enough", () => {
    for (const users of [100_000, 100_000_000]) {
      const text = renderPlanText(planCluster({ ...asked, users }, results), origin);
      const lines = text.split("\n");
      assert.ok(lines.length <= 24, text);
      for (const line of lines) assert.ok(line.length <= plainColumns, line);
      assert.doesNotMatch(text, /NaN|undefined|Infinity/);
    }
  });

  it("says which clusters are enough, or what the largest is and what ends it", () => {
    assert.match(renderPlanText(plan, origin), /Enough, with no program busier than 60 %: redis with \d+ nodes/);
    const none = renderPlanText(planCluster({ ...asked, users: 100_000_000 }, results), origin);
    assert.match(
      none.replaceAll(/\s+/g, " "),
      /Not as one cluster.*users on \d+ nodes.*, where .*More need \d+ clusters/,
    );
  });

  it("shows its formulas and inputs only when asked to, and all of it in markdown and as data", () => {
    const formula = /CPU per second of a program = idle/;
    assert.doesNotMatch(renderPlanText(plan, origin), formula);
    assert.match(renderPlanText(plan, origin, { explain: true }), formula);
    assert.match(renderPlanMarkdown(plan, origin), formula);
    const data = planAsData(plan, origin);
    assert.equal(data.brokers.length, 2);
    assert.deepEqual(
      data.brokers[0]!.costs.map(({ program }) => program),
      ["node", "proxy", "broker"],
    );
    assert.deepEqual(data.request, asked);
  });

  it("says how far beyond the measurement it lies", () => {
    const far = planCluster({ ...asked, users: 1_000_000 }, results);
    assert.ok(far.brokers[0]!.stretch.times > 1);
    assert.match(renderPlanText(far, origin), /Beyond what was measured, in [a-z ]+ redis \d/);
    const near = planCluster({ ...asked, users: 100 }, results);
    assert.match(renderPlanText(near, origin), /All of it lies within what was measured/);
  });

  it("does not divide by cores that a node cannot use, and says so", () => {
    const many = planCluster({ ...asked, machineCores: 16 }, results);
    assert.deepEqual(many.brokers[0]!.figures.nodes, plan.brokers[0]!.figures.nodes);
    assert.match(renderPlanText(many, origin), /A node is one process on one core: 16 cores/);
  });

  it("leaves out a broker whose cell failed, with the reason", () => {
    const failed: Cell = { ...costCell("kafka"), state: "failed", reason: "kafka died" };
    const partly = planCluster(asked, resultsWith(costCell("redis"), failed));
    assert.match(renderPlanText(partly, origin), /kafka is left out: it failed: kafka died/);
    assert.deepEqual(planCluster(asked, results, "nats").brokers, []);
  });

  it("says when the machine was busy while the costs were measured", () => {
    const quiet = { ...results, environment: { ...results.environment, loadAverage: 0.1, cores: 2 } };
    assert.doesNotMatch(renderPlanText(plan, { ...origin, results: quiet }), /machine\s+was\s+busy/);
    const before = { ...quiet, environment: { ...quiet.environment, loadAverage: 27.3 } };
    assert.match(
      renderPlanText(plan, { ...origin, results: before }),
      /machine was busy\s+\(load\s+27\.3\s+on\s+2\s+cores\s+before\s+it\)/,
    );
    const cell = structuredClone(costCell("redis")) as MeasuredCell;
    for (const trial of cell.trials) Object.assign(trial.measures, { cpuWaitShareMax: 0.7, cpuWaitMaxMs: 900 });
    const starved = planCluster(asked, resultsWith(cell));
    assert.match(
      renderPlanText(starved, { ...origin, results: quiet }),
      /processes had no core\s+while they were measured/,
    );
  });

  it("says of a cost that cannot be told from zero that it cannot", () => {
    const free = { ...knownCosts, broker: { ...knownCosts.broker, usPer: [0, 0] } };
    const text = renderPlanText(planCluster(asked, resultsWith(costCell("redis", free))), origin, { explain: true });
    assert.match(text, /broker +per copy for a node +not told from 0 +at most/);
  });
});
