import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Unit } from "../quantities/format.ts";
import { browserMetrics } from "./browser-metrics.ts";
import { clusterMetrics } from "./cluster-metrics.ts";
import { comparisonMetrics } from "./comparison-metrics.ts";
import { fanOutMetrics } from "./fan-out-metrics.ts";
import { federationMetrics } from "./federation-metrics.ts";
import { idleMetrics } from "./idle-metrics.ts";
import { layerMetrics } from "./layer-metrics.ts";
import { isMetric, type MetricName, metricNamed, metrics } from "./metrics.ts";
import { openingMetrics } from "./opening-metrics.ts";
import { profileMetrics } from "./profile-metrics.ts";
import { proxyMetrics } from "./proxy-metrics.ts";
import { pushMetrics } from "./push-metrics.ts";
import { resumeMetrics } from "./resume-metrics.ts";
import { securityMetrics } from "./security-metrics.ts";
import { sharingMetrics } from "./sharing-metrics.ts";
import { slowReaderMetrics } from "./slow-reader-metrics.ts";

/** The unit, and then only over what, or which of several. */
const over = "((Per|Of)[A-Z]\\w*|Max|Base)?$";
const endings: Record<Unit, RegExp> = {
  us: new RegExp(`Us${over}`),
  ms: new RegExp(`Ms${over}`),
  perSecond: /PerSecond$/,
  bytes: new RegExp(`Bytes${over}`),
  memory: new RegExp(`Bytes${over}`),
  messages: /Messages$/,
  // Multiples of something: of another number, or of the way there and back.
  ratio: /(Ratio|RoundTrips|Transits|Intervals)$/,
  share: new RegExp(`(Fraction|Share|Utilization)${over}`),
  count:
    /(messages|deliveries|connections|consumers|notices|attempts|newcomers|users|leaders|deaths|refusals|probes|roundTrips|iterations|handshakes|echoes|events|requests|settings|updates|packets|wakeUps)/i,
};

describe("metrics", () => {
  it("have names that end in their unit, or name what they count or share, and differ", () => {
    for (const { name, unit } of metrics) assert.match(name, endings[unit], unit);
    const counts = metrics.filter(({ unit }) => unit === "count" || unit === "share");
    for (const { name } of counts) assert.doesNotMatch(name, /(Us|Ms|PerSecond|Bytes|Ratio)$/);
    const tables = [
      comparisonMetrics,
      pushMetrics,
      proxyMetrics,
      fanOutMetrics,
      slowReaderMetrics,
      profileMetrics,
      securityMetrics,
      browserMetrics,
      openingMetrics,
      layerMetrics,
      idleMetrics,
      federationMetrics,
      resumeMetrics,
      sharingMetrics,
      clusterMetrics,
    ];
    const own = tables.flatMap((table) => Object.keys(table));
    assert.equal(new Set(own).size, own.length);
    assert.equal(metrics.length, own.length);
  });

  it("are known by their name and no other", () => {
    for (const metric of metrics) assert.equal(metricNamed(metric.name), metric);
    for (const name of ["nonsense", "toString", "constructor", ""]) {
      assert.equal(isMetric(name), false);
      assert.throws(() => metricNamed(name), RangeError);
    }
  });

  it("have words for a table", () => {
    for (const { title, meaning } of metrics) assert.ok(title !== "" && meaning !== "");
  });

  it("are bounds where the load generator was the limit, unless it has no part in them", () => {
    const bounds = (...names: MetricName[]) => names.map((name) => metricNamed(name).whenGeneratorBound);
    assert.deepEqual(bounds("scheduledP99Us", "roundTripP50Us", "uplinkP50Us"), ["at-most", "at-most", "at-most"]);
    assert.deepEqual(bounds("achievedRatePerSecond", "capacityRatePerSecond"), ["at-least", "at-least"]);
    assert.deepEqual(bounds("connectP50Us", "dispatchP50Us", "wireBytesPerMessage"), [undefined, undefined, undefined]);
    assert.deepEqual(bounds("uplinkInterferenceP50Ratio"), ["unknown"]);
  });

  it("that are ratios of two delays name metrics there are", () => {
    const ratios = metrics.flatMap(({ ratioOf = [] }) => ratioOf);
    assert.ok(ratios.length > 0);
    for (const name of ratios) assert.ok(isMetric(name), name);
  });

  it("that are compared say which way is better", () => {
    for (const { name, compared, better } of metrics) assert.ok(!compared || better !== undefined, name);
  });
});
