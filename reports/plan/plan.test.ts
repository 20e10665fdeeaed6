import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell } from "../../results/contract/results.ts";
import { costExperiment, costMetricNames } from "../../results/metrics/cost-metrics.ts";
import { type ScalingFit, scalingFits } from "../../results/summary/scaling.ts";
import { clusterResultsOf, type MadeUpVariant, madeUpMissing, madeUpVariant } from "../view/testing.ts";
import { brokersWithCosts, costModel } from "./cost-model.ts";
import { missingCosts, type Plan, planCluster } from "./plan.ts";
import { type PlanRequest, sizeCluster } from "./plan-sizing.ts";
import { planAsData, renderPlanMarkdown, renderPlanText } from "./plan-views.ts";
import { basisInWords, planAssumptions, planWarnings } from "./plan-warnings.ts";

const costs = {
  nodeCpuUsPerPublication: 40,
  nodeCpuUsPerBrokerDelivery: 10,
  nodeCpuUsPerDelivery: 5,
  proxyCpuUsPerPublication: 6,
  proxyCpuUsPerDelivery: 4,
  brokerCpuUsPerMessage: 8,
  brokerCpuUsPerNodeDelivery: 2,
  nodeMemoryBytesBase: 100e6,
  nodeMemoryBytesPerConnection: 50_000,
  proxyMemoryBytesPerConnection: 30_000,
  wireBytesPerPublication: 400,
  wireBytesPerDelivery: 300,
  brokerWireBytesPerMessage: 350,
  brokerWireBytesPerNodeDelivery: 330,
};

const request: PlanRequest = {
  users: 100_000,
  messagesPerUserPerSecond: 0.1,
  fanout: 20,
  nodeCores: 1,
  cpuTarget: 0.6,
  nodeMemoryBytes: 1e9,
  memoryTarget: 0.6,
};

const cellOf = (measures: Record<string, number> = costs, made: Partial<MadeUpVariant> = {}): Cell =>
  madeUpVariant({
    scenario: costExperiment,
    variant: "costs",
    measures: { ...measures, publishedPerSecond: 100, deliveriesPerSecond: 20_000 },
    ...made,
    parameters: { broker: "redis", nodes: 2, connections: 200, payloadBytes: 256, ...made.parameters },
  });

const planOf = (asked: Partial<PlanRequest> = {}, cells: readonly Cell[] = [cellOf()]): Plan =>
  planCluster({ ...request, ...asked }, costModel(clusterResultsOf(cells), "redis", asked.payloadBytes)!);

function rowOf({ rows }: Plan, name: string) {
  const found = rows.find((row) => row.name === name);
  assert.ok(found?.state === "known", `${name}: ${JSON.stringify(found)}`);
  return found;
}

const why = ({ rows }: Plan, name: string): string => {
  const found = rows.find((row) => row.name === name);
  assert.ok(found?.state === "unknown", `${name} is known`);
  return found.why;
};

const source = { file: "results.json", results: clusterResultsOf([cellOf()]) };
const loud = (plan: Plan, scaling: readonly ScalingFit[] = scalingFits(source.results.cells)): string[] =>
  planWarnings(plan, scaling).flatMap(({ severity, message }) => (severity === "loud" ? message : []));
const notes = (plan: Plan): string[] =>
  planWarnings(plan, []).flatMap(({ severity, message }) => (severity === "note" ? message : []));

describe("the arithmetic of a plan", () => {
  it("gives what one gets by hand", () => {
    // P = 100,000 × 0.1 = 10,000/s; D = 10,000 × 20 = 200,000/s.
    // Ingress: 10,000 × 10 µs = 0.1 cores. Shared: 10,000 × 40 µs + 200,000 × 5 µs = 0.4 + 1.0 = 1.4 cores.
    // CPU: 1.4 ÷ (0.6 − 0.1) = 2.8, so 3 nodes. Memory: 5 GB ÷ (0.6 GB − 0.1 GB) = 10 nodes.
    const sizing = sizeCluster(request, costs);
    const near = (actual: number, expected: number): void =>
      assert.ok(Math.abs(actual / expected - 1) < 1e-12, `${actual}`);
    near(sizing.publicationsPerSecond, 10_000);
    near(sizing.deliveriesPerSecond, 200_000);
    near(sizing.ingressCores, 0.1);
    near(sizing.ceilingPublicationsPerSecond, 60_000);
    assert.equal(sizing.nodesByCpu, 3);
    assert.equal(sizing.nodesByMemory, 10);
    assert.equal(sizing.nodes, 10);
    assert.equal(sizing.connectionsPerNode, 10_000);
    near(sizing.nodeCpuShare, 0.1 + 0.14);
    near(sizing.nodeCpuShareOneDown, 0.1 + 1.4 / 9);
    near(sizing.nodeMemoryBytes, 0.6e9);
    near(sizing.interestedNodes, 10 * (1 - 0.9 ** 20));
    near(sizing.brokerOutPerSecond, 100_000);
    near(sizing.brokerCores, 0.08 + 0.2);
    near(sizing.proxyCores, 0.06 + 0.8);
    near(sizing.proxyMemoryBytes, 3e9);
    assert.equal(sizing.proxySourceAddresses, 1);
    // 200,000/s × 300 bytes = 60 MB/s = 480 Mbit/s.
    near(sizing.usersDownMbitPerSecond, 480);
    near(sizing.usersUpMbitPerSecond, 32);
    near(sizing.brokerInMbitPerSecond, 28);
    near(sizing.brokerOutMbitPerSecond, 264);
    // With channels a message is handed to at most 20 nodes: 200,000/s × 10 µs = 2 cores more; 3.4 ÷ 0.6, so 6 nodes.
    assert.equal(sizing.channelNodesByCpu, 6);
    near(sizing.channelBrokerOutPerSecond, 200_000);
    near(sizing.channelBrokerCores, 0.08 + 0.4);
    near(sizing.channelBrokerOutMbitPerSecond, 528);
  });

  it("finds the fewest nodes that carry the load", () => {
    for (const users of [1, 1000, 33_333, 250_000, 555_555]) {
      const sizing = sizeCluster({ ...request, users, nodeMemoryBytes: 1e12 }, costs);
      const busy = (nodes: number): number => sizeCluster({ ...request, users }, costs, nodes).nodeCpuShare;
      assert.ok(busy(sizing.nodes) <= 0.6 * (1 + 1e-9), `${users}`);
      assert.ok(sizing.nodes === 1 || busy(sizing.nodes - 1) > 0.6, `${users}`);
      assert.equal(sizing.brokerOutPerSecond, sizing.publicationsPerSecond * sizing.nodes);
    }
  });

  it("never needs fewer nodes for more users, messages or recipients, or for less room", () => {
    const nodes = (over: Partial<PlanRequest>): number => sizeCluster({ ...request, ...over }, costs).nodes;
    const rising = (values: readonly number[]): void =>
      assert.deepEqual(
        values,
        [...values].sort((a, b) => a - b),
      );
    rising([1, 10, 1e3, 1e4, 2e5, 5e5, 6e5, 1e6].map((users) => nodes({ users })));
    rising([0.01, 0.1, 0.3, 0.59, 0.6, 2].map((messagesPerUserPerSecond) => nodes({ messagesPerUserPerSecond })));
    rising([1, 5, 50, 5000].map((fanout) => nodes({ fanout })));
    rising([1, 0.8, 0.4, 0.1].map((cpuTarget) => nodes({ cpuTarget })));
    rising([4e9, 1e9, 3e8, 1e8].map((nodeMemoryBytes) => nodes({ nodeMemoryBytes })));
    assert.ok(nodes({ users: 500_000 }) > nodes({ users: 50_000 }));
  });

  it("ends where every node is busy with the broker's messages alone", () => {
    assert.equal(sizeCluster({ ...request, users: 599_999 }, costs).nodes < Infinity, true);
    assert.equal(sizeCluster({ ...request, users: 600_001 }, costs).nodes, Infinity);
  });
});

describe("a plan", () => {
  it("shows each formula with its numbers and the ends that follow from those of the costs", () => {
    const plan = planOf({}, [cellOf(costs, { spread: 0.1 })]);
    const nodes = rowOf(plan, "nodesByMemory");
    assert.equal(nodes.value, 10);
    assert.ok(nodes.low! < 10 && nodes.high! > 10);
    const share = rowOf(plan, "nodeCpuShare");
    const { interval } = plan.inputs[0]!;
    assert.ok(interval.high / interval.value > 1.1);
    assert.ok(
      Math.abs(share.high! / share.value / (interval.high / interval.value) - 1) < 1e-9,
      "ten nodes with every cost as much higher",
    );
    assert.match(rowOf(plan, "deliveriesPerSecond").formula, /^10,000\/s × 20 recipients$/);
    assert.match(
      rowOf(plan, "nodesByCpu").formula,
      /^\(10,000\/s × 40.0 µs \+ 200,000\/s × 5.00 µs\) ÷ \(1 core × 60 % − 0.1 cores\), rounded up$/,
    );
  });

  it("says how far beyond the measurement each result lies, and in what", () => {
    const plan = planOf();
    const basis = (name: string): string => basisInWords(rowOf(plan, name).basis);
    assert.equal(basis("deliveriesPerSecond"), "arithmetic");
    assert.equal(basis("proxyMemoryBytes"), "extrapolated 500 times (connections)");
    assert.equal(basis("nodeMemoryBytes"), "extrapolated 100 times (connections per node)");
    assert.equal(basis("ingressCores"), "extrapolated 100 times (messages published per second)");
    assert.equal(basis("proxyCores"), "extrapolated 100 times (messages published per second)");
    assert.match(
      loud(plan).join(),
      /More than 100 times beyond what was measured: .* and 100,000 connections where 200 were/,
    );
    const small = planOf({ users: 100, fanout: 10 });
    assert.equal(basisInWords(rowOf(small, "nodeMemoryBytes").basis), "measured");
    assert.deepEqual(loud(small), []);
  });

  it("takes the rate of the load where a cell does not say what was achieved", () => {
    const bare = madeUpVariant({
      scenario: costExperiment,
      variant: "costs",
      measures: costs,
      parameters: { broker: "redis", nodes: 2, connections: 200, load: { kind: "open", ratePerSecond: 50 } },
    });
    const { range } = planOf({}, [bare]).model;
    assert.equal(range.deliveriesPerSecond, 50 * 200);
    assert.equal(range.deliveriesPerSecondPerNode, 5000);
    assert.equal(range.nodeDeliveriesPerSecond, 100);
  });

  it("counts the users who joined and the nodes that only listened", () => {
    const settings = { usersMax: 800, listeningNodes: 2 };
    const { range } = planOf({}, [cellOf(costs, { parameters: { nodes: 1, settings } })]).model;
    assert.equal(range.users, 800);
    assert.equal(range.usersPerNode, 800);
    assert.equal(range.nodes, 3);
    assert.equal(range.nodeDeliveriesPerSecond, 300);
  });

  it("says loudly that no number of nodes is enough, and what would help", () => {
    const plan = planOf({ users: 1_000_000 });
    assert.match(
      loud(plan)[0]!,
      /^Every node receives every message, and spends 1 core on that alone, of the 0.6 cores it may use: no number of nodes is enough. This design ends at 60,000 messages\/s, 600,000 such users; beyond, it needs channels/,
    );
    assert.equal(why(plan, "nodes"), "no number of nodes is enough");
    assert.equal(why(plan, "nodesByCpu"), "no number of nodes is enough");
    assert.equal(rowOf(plan, "nodesByMemory").value, 100);
    assert.equal(why(plan, "brokerOutPerSecond"), "no number of nodes is enough");
    assert.equal(rowOf(plan, "proxyMemoryBytes").value, 30e9);
    assert.match(renderPlanText(plan, source), /^1,000,000 users.*: no number of nodes is enough\n\n!! Every node/);
    assert.match(loud(planOf({ users: 400_000 }))[0]!, /more than half of a node does nothing for its own users/);
  });

  it("says so when only the dearest costs leave no room, or a node has none to begin with", () => {
    const close = planOf({ users: 590_000 }, [cellOf(costs, { spread: 0.1 })]);
    assert.equal(rowOf(close, "nodes").high, undefined);
    assert.match(loud(close).join(), /With every cost at the upper end of its interval, no number of nodes is enough/);
    assert.match(renderPlanText(close, source), /to none is enough/);
    assert.match(loud(planOf({ nodeMemoryBytes: 1e8 })).join(), /before anybody connects, and may use 60 % of/);
  });

  it("warns of what one core, one node, one address or more cores per node cannot do", () => {
    assert.match(loud(planOf({ users: 500_000 })).join(), /One Redis server does its work on one core/);
    assert.match(notes(planOf({ users: 100, fanout: 1 })).join(), /when it is lost everybody is cut off/);
    assert.match(notes(planOf({ nodeCores: 4 })).join(), /one event loop/);
    const crowded = planOf({ nodeMemoryBytes: 64e9, messagesPerUserPerSecond: 0.001 });
    assert.match(notes(crowded).join(), /about 28,232 connections to one node.*give it 4/);
  });

  it("mentions the peak of the scaling law where the plan lies beyond it", () => {
    const interval = (value: number, low = value) => ({ value, low, high: value });
    const scaling = (low: number) => [
      {
        broker: "redis",
        points: [],
        fit: {
          perNodePerSecond: interval(1),
          contention: interval(0.1),
          coherency: interval(0.1, low),
          peakNodes: 3.4,
          worstResidualShare: 0,
        },
      },
    ];
    assert.match(loud(planOf(), scaling(0.05)).join(), /peak at 3 nodes; this plan/);
    assert.match(loud(planOf(), scaling(0)).join(), /peak at 3 nodes \(though its coherency may also be 0/);
    assert.doesNotMatch(loud(planOf({ users: 1_000_000 }), scaling(0.05)).join(), /Infinity/);
    assert.doesNotMatch(loud(planOf({ users: 1000 }), scaling(0.05)).join(), /peak/);
  });

  it("turns bytes to the payload asked for and says that CPU time is not", () => {
    const plan = planOf({ payloadBytes: 1256 });
    assert.equal(plan.costs.wireBytesPerDelivery, 1300);
    assert.equal(plan.costs.nodeCpuUsPerDelivery, 5);
    assert.match(notes(plan).join(), /messages of 256 B: bytes are turned to the 1,256 B asked for, CPU time is not/);
    assert.equal(planOf().request.payloadBytes, 256);
  });

  it("prefers the cell whose payload is nearest, then the one with most users", () => {
    const cells = [
      cellOf({ ...costs, nodeCpuUsPerDelivery: 5 }),
      cellOf({ ...costs, nodeCpuUsPerDelivery: 7 }, { variant: "large", parameters: { payloadBytes: 4096 } }),
      cellOf({ ...costs, nodeCpuUsPerDelivery: 6 }, { variant: "many", parameters: { connections: 400 } }),
    ];
    assert.equal(planOf({ payloadBytes: 3000 }, cells).costs.nodeCpuUsPerDelivery, 7);
    assert.equal(planOf({ payloadBytes: 200 }, cells).costs.nodeCpuUsPerDelivery, 6);
  });
});

describe("costs that were not measured", () => {
  const without = (...names: string[]): Cell =>
    cellOf(Object.fromEntries(Object.entries(costs).filter(([name]) => !names.includes(name))));

  it("leave holes that name them and the experiment, or have a stand-in that is named", () => {
    const plan = planOf({}, [without("proxyMemoryBytesPerConnection", "brokerWireBytesPerMessage")]);
    assert.equal(
      why(plan, "proxyMemoryBytes"),
      "needs proxyMemoryBytesPerConnection, which the experiment cost measures",
    );
    assert.equal(rowOf(plan, "brokerInMbitPerSecond").value, (10_000 * 256 * 8) / 1e6);
    assert.match(notes(plan).join(), /brokerWireBytesPerMessage was not measured: the payload alone, a lower bound/);
    assert.deepEqual(missingCosts(plan.model), []);
  });

  it("are taken from the safe side where the cost of a publication was not told apart", () => {
    const plan = planOf({}, [without("nodeCpuUsPerBrokerDelivery")]);
    assert.equal(rowOf(plan, "ingressCores").value, 0.4);
    assert.match(notes(plan).join(), /nodeCpuUsPerBrokerDelivery was not measured.*an upper bound/);
    assert.ok(rowOf(plan, "nodesByCpu").value >= rowOf(planOf(), "nodesByCpu").value);
  });

  it("are guessed where they drowned in another one", () => {
    const plan = planOf({}, [without("nodeCpuUsPerPublication")]);
    assert.equal(plan.costs.nodeCpuUsPerPublication, 10);
    assert.match(notes(plan).join(), /nodeCpuUsPerPublication was not measured.*a guess/);
    assert.deepEqual(missingCosts(plan.model), []);
    const neither = costModel(
      clusterResultsOf([without("nodeCpuUsPerPublication", "nodeCpuUsPerBrokerDelivery")]),
      "redis",
      undefined,
    );
    assert.deepEqual(missingCosts(neither!), ["nodeCpuUsPerPublication", "nodeCpuUsPerBrokerDelivery"]);
  });

  it("are listed where there is no plan without them", () => {
    const results = clusterResultsOf([without("nodeCpuUsPerDelivery", "nodeMemoryBytesBase")]);
    assert.deepEqual(missingCosts(costModel(results, "redis", undefined)!), [
      "nodeCpuUsPerDelivery",
      "nodeMemoryBytesBase",
    ]);
  });

  it("are not taken from cells that failed, are invalid, or belong to another experiment or broker", () => {
    const none = (cells: readonly Cell[]): void => {
      assert.equal(costModel(clusterResultsOf(cells), "redis", undefined), undefined);
      assert.deepEqual(brokersWithCosts(clusterResultsOf(cells)), []);
    };
    none([]);
    none([cellOf(costs, { verdict: "invalid" })]);
    none([cellOf(costs, { scenario: "fan-out" })]);
    none([cellOf(costs, { parameters: { broker: "memory" } })]);
    none([madeUpMissing(costExperiment, "redis", "not-run", "no redis-server")]);
    const mixed = [cellOf(), cellOf(costs, { verdict: "invalid", variant: "y" })];
    assert.match(notes(planOf({}, mixed)).join(), /1 of the cost cells of redis failed, did not run or are invalid/);
  });

  it("that came out negative count as 0, and the reader is told", () => {
    const plan = planOf({}, [cellOf({ ...costs, brokerCpuUsPerNodeDelivery: -3 })]);
    assert.equal(plan.costs.brokerCpuUsPerNodeDelivery, 0);
    assert.match(notes(plan).join(), /brokerCpuUsPerNodeDelivery came out below 0/);
  });
});

describe("the views of a plan", () => {
  it("show every result, cost and assumption", () => {
    const plan = planOf({ payloadBytes: 300 });
    const text = renderPlanText(plan, source);
    const markdown = renderPlanMarkdown(plan, source);
    for (const { title } of plan.rows) assert.ok(text.includes(title), title);
    for (const name of costMetricNames) assert.ok(text.includes(name) && markdown.includes(name), name);
    for (const assumption of planAssumptions(plan)) assert.ok(text.includes(assumption));
    assert.match(text, /10 nodes/);
    assert.match(text, /users: 480 Mbit\/s|to users = 200,000\/s × 344 B × 8 bit ÷ 10⁶ = 550 Mbit\/s/);
    assert.match(markdown, /^# wirebench: capacity plan\n\n100,000 users/);
    assert.match(markdown, /\| Nodes +\| needed +\| +10 nodes \|/);
    assert.doesNotMatch(text + markdown, /NaN|Infinity|undefined/);
  });

  it("never show what is no number, whatever is missing or impossible", () => {
    const impossible = planOf({ users: 10_000_000, nodeMemoryBytes: 1e8 });
    const bare = planOf({}, [cellOf({ nodeCpuUsPerPublication: 0, nodeCpuUsPerDelivery: 0 })]);
    for (const plan of [impossible, bare, planOf({ users: 1, fanout: 1 })]) {
      assert.doesNotMatch(renderPlanText(plan, source) + renderPlanMarkdown(plan, source), /NaN|Infinity|undefined/);
      assert.doesNotMatch(JSON.stringify(planAsData(plan, source)), /null/);
    }
  });

  it("agree with the list of metrics a cell may measure", () => {
    assert.deepEqual(costMetricNames, Object.keys(costs));
  });
});
