import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Event } from "../../results/contract/results.ts";
import { renderReport } from "../report.ts";
import {
  clusterResultsOf,
  type MadeUpVariant,
  madeUpClusterResults,
  madeUpVariant,
  madeUpVariants,
} from "../view/testing.ts";
import { assertReadable } from "./testing.ts";

const files = await renderReport(madeUpClusterResults());

const variantOf = (scenario: string, variant: string): MadeUpVariant =>
  madeUpVariants.find((made) => made.scenario === scenario && made.variant === variant)!;

const sequenceOf = async (events: readonly Event[]): Promise<string> => {
  const cell = madeUpVariant({ ...variantOf("broker-kill", "redis"), events });
  return (await renderReport(clusterResultsOf([cell]))).get("broker-kill-sequence-redis.svg")!;
};

/** Places of texts as drawn, by text. */
const placesOf = (svg: string): Map<string, { x: number; y: number }> =>
  new Map(
    [...svg.matchAll(/<text[^>]*transform="translate\(([-\d.]+),([-\d.]+)\)"[^>]*>([^<]*)<\/text>/g)].map(
      ([, x, y, text]) => [text!, { x: Number(x), y: Number(y) }],
    ),
  );

describe("charts of cells", () => {
  it("are readable on a telephone and in the dark", () => {
    const charts = [...files].filter(([file]) => file !== "report.md");
    assert.ok(charts.length >= 4);
    for (const [file, svg] of charts) assertReadable(file, svg);
  });

  it("show what each broker delivered where a table does not say it faster", async () => {
    assert.ok(!files.has("broadcast-completeness.svg"));
    const half = { ...variantOf("broadcast", "nats"), measures: { deliveredFraction: 0.5 } };
    const cells = [variantOf("broadcast", "none"), variantOf("broadcast", "redis"), half].map(madeUpVariant);
    const svg = (await renderReport(clusterResultsOf(cells))).get("broadcast-completeness.svg")!;
    for (const text of ["no broker", "Redis", "NATS", "33.3 %", "50.0 %", "100 %"]) {
      assert.ok(svg.includes(`>${text}<`), text);
    }
  });

  it("show the course of events where something was lost that was not expected, or of one cell for all", async () => {
    assert.ok(files.has("broker-kill-sequence-nats.svg"));
    assert.ok(!files.has("broker-kill-sequence-redis.svg"));
    const lossless = madeUpVariant(variantOf("broker-kill", "jetstream"));
    assert.deepEqual([...(await renderReport(clusterResultsOf([lossless]))).keys()], ["report.md"]);
  });

  it("show first to last recipient only of cells that reached all", () => {
    const svg = files.get("broadcast-recipients.svg")!;
    assert.ok(svg.includes(">250 µs – 810 µs – 1.62 ms<"));
    assert.ok(!svg.includes(">no broker<"));
  });

  it("show connections per node where the experiment asks for them", () => {
    const svg = files.get("stickiness-connections.svg")!;
    assert.ok(svg.includes(">21 + 20 + 19<"));
    assert.ok(!files.has("broadcast-connections.svg"));
  });

  it("show a storm per back-off, and none where all wait alike", () => {
    const svg = files.get("reconnect-storm-storm.svg")!;
    for (const text of ["at once, peak 200/s", "after 1000 ms, peak 120/s"]) assert.ok(svg.includes(`>${text}<`), text);
    assert.ok(!files.has("broker-kill-storm.svg"));
  });

  it("show the scaling of each broker where nodes have cores of their own, else why not", async () => {
    const results = madeUpClusterResults();
    const wide = { ...results, environment: { ...results.environment, cores: 4 } };
    const svg = (await renderReport(wide)).get("scaling.svg")!;
    assertReadable("scaling.svg", svg);
    assert.ok(svg.includes(">Redis<"));
    assert.ok(!files.has("scaling.svg"));
    assert.match(files.get("report.md")!, /There is no curve of these: more nodes than the 2 cores of this machine/);
  });
});

describe("a sequence of events", () => {
  it("labels every event, over connected users and deliveries", () => {
    const svg = files.get("broker-kill-sequence-nats.svg")!;
    for (const text of [
      "1  redis: killed, 1 s",
      "2  users: first user noticed, 1.004 s",
      "7  users: all caught up, 5.6 s",
    ]) {
      assert.ok(svg.includes(`>${text}<`), text);
    }
    assert.match(svg, />connected users, at most 60</);
    assert.match(svg, />deliveries per second, at most 3,000</);
    assert.doesNotMatch(svg, />tries to connect per second/);
  });

  it("puts the numbers of events close to each other on lines of their own, and those apart on one", async () => {
    const at = (...instants: number[]): Event[] =>
      instants.map((atMs): Event => ({ atMs, subject: "s", what: `${atMs}`, kind: "fault" }));
    const linesOf = async (events: Event[]): Promise<number[]> => {
      const places = placesOf(await sequenceOf(events));
      return events.map((_, index) => places.get(String(index + 1))!.y);
    };
    assert.equal(new Set(await linesOf(at(0, 1, 2, 3, 4))).size, 5);
    assert.equal(new Set(await linesOf(at(0, 2000, 4000))).size, 1);
  });

  it("leaves out observations, not faults, where there are too many, and says so", async () => {
    const many = Array.from(
      { length: 40 },
      (_, index): Event => ({
        atMs: index * 100,
        subject: "s",
        what: `event ${index}`,
        kind: index === 39 ? "fault" : "observation",
      }),
    );
    const svg = await sequenceOf(many);
    assert.match(svg, />26 more events are in results\.json\.</);
    assert.match(svg, />14 {2}s: event 39, 3\.9 s</);
  });
});
