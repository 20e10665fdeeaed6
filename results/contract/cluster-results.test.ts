import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeUpArms, madeUpClusterResults } from "../../reports/cluster/testing.ts";
import { expectedInWords } from "../../reports/view/cluster-reading.ts";
import { clusterMetricNamed, clusterMetrics } from "../metrics/cluster-metrics.ts";
import { clusterResultsSchema } from "./cluster-results.ts";
import { resultsJsonSchema, resultsSchema } from "./results.ts";

const accepts = (results: object): boolean => clusterResultsSchema.safeParse(results).success;

describe("results.json of the cluster experiments", () => {
  it("is read back as it was written, and is not taken for that of a comparison", () => {
    const results = madeUpClusterResults();
    const written: unknown = JSON.parse(JSON.stringify(results));
    assert.deepEqual(clusterResultsSchema.parse(written), results);
    assert.equal(resultsSchema.safeParse(written).success, false);
  });

  it("has no measured cell without validity, trials, summary and predictions", () => {
    const results = madeUpClusterResults();
    for (const key of ["validity", "trials", "summary", "predictions", "parameters"] as const) {
      const [first, ...rest] = structuredClone(results.cells);
      delete (first as Record<string, unknown>)[key];
      assert.equal(accepts({ ...results, cells: [first, ...rest] }), false, key);
    }
  });

  it("is refused with an unknown broker, policy, event or version", () => {
    const broken = (change: (results: { schemaVersion: number; cells: { parameters: object }[] }) => void): boolean => {
      const results = structuredClone(madeUpClusterResults()) as unknown as {
        schemaVersion: number;
        cells: { parameters: object }[];
      };
      change(results);
      return accepts(results);
    };
    assert.equal(
      broken(() => {}),
      true,
    );
    assert.equal(
      broken((results) => Object.assign(results, { schemaVersion: 2 })),
      false,
    );
    assert.equal(
      broken(({ cells }) => Object.assign(cells[0]!.parameters, { broker: "pigeon" })),
      false,
    );
    assert.equal(
      broken(({ cells }) => Object.assign(cells[0]!.parameters, { policy: "random" })),
      false,
    );
    assert.equal(
      broken(({ cells }) => Object.assign(cells[0]!, { state: "measured?" })),
      false,
    );
  });

  it("stands in the shipped JSON Schema beside that of a comparison", () => {
    const schema = resultsJsonSchema() as { $schema: string; anyOf: { properties: Record<string, unknown> }[] };
    assert.match(schema.$schema, /2020-12/);
    assert.equal(schema.anyOf.length, 2);
    assert.deepEqual(
      schema.anyOf.map(({ properties }) => "kind" in properties),
      [false, true],
    );
  });
});

describe("cluster metrics", () => {
  it("have one name each, that ends with or holds its unit", () => {
    assert.equal(new Set(clusterMetrics.map(({ name }) => name)).size, clusterMetrics.length);
    for (const { name, unit } of clusterMetrics) {
      if (unit === "us") assert.match(name, /Us(Per|$)/);
      if (unit === "ms") assert.match(name, /Ms$/);
      if (unit === "perSecond") assert.match(name, /PerSecond$/);
      if (unit === "bytes" || unit === "memory") assert.match(name, /Bytes/);
      if (unit === "share") assert.match(name, /Fraction|Share|Utilization/);
    }
  });

  it("cover what the made-up arms measure, and read the unit of others from their name", () => {
    const known = new Set(clusterMetrics.map(({ name }) => name));
    for (const name of madeUpArms.flatMap(({ measures }) => Object.keys(measures))) assert.ok(known.has(name), name);
    const units = ["aWaitP50Us", "aClockMs", "aShareOfIt", "thingsPerSecond", "queueBytesMax", "things"].map(
      (name) => clusterMetricNamed(name).unit,
    );
    assert.deepEqual(units, ["us", "ms", "share", "perSecond", "bytes", "count"]);
  });
});

describe("what a prediction expects", () => {
  it("is said as a number, a bound or a range", () => {
    const words = (low: number, high: number, unit: "share" | "ms" | "count"): string =>
      expectedInWords({ low, high }, unit);
    assert.equal(words(1 / 3, 1 / 3, "share"), "33.3 %");
    assert.equal(words(0.9, 1, "share"), "at least 90.0 %");
    assert.equal(words(0, 2000, "ms"), "at most 2.00 s");
    assert.equal(words(2, Number.MAX_SAFE_INTEGER, "count"), "at least 2");
    assert.equal(words(Number.MIN_SAFE_INTEGER, 10, "count"), "at most 10");
    assert.equal(words(10, 20, "count"), "10–20");
  });
});
