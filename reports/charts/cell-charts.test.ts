import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Parser } from "@xmpp/xml";
import type { Event } from "../../results/contract/results.ts";
import { renderReport } from "../report.ts";
import {
  clusterResultsOf,
  type MadeUpVariant,
  madeUpClusterResults,
  madeUpVariant,
  madeUpVariants,
} from "../view/testing.ts";

const files = await renderReport(madeUpClusterResults());

function isWellFormed(xml: string): boolean {
  let ended = false;
  const parser = new Parser();
  parser.on("end", () => {
    ended = true;
  });
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(xml);
  return ended;
}

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
  it("are well-formed, on white, with no text below 12 pixels and no leaked values", () => {
    for (const [file, svg] of files) {
      if (file === "report.md") continue;
      assert.ok(isWellFormed(svg), file);
      assert.match(svg, /fill="white"/, file);
      const sizes = [...svg.matchAll(/font-size="(\d+)px"/g)].map(([, size]) => Number(size));
      assert.ok(Math.min(...sizes) >= 12, file);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/, file);
    }
  });

  it("show every broker and what it delivered", () => {
    const svg = files.get("fan-out-completeness.svg")!;
    for (const text of ["no broker", "Memory", "Redis", "NATS", "Kafka", "33.3 %", "100 %"]) {
      assert.ok(svg.includes(`>${text}<`), text);
    }
  });

  it("show losses in two parts, in words too", () => {
    const svg = files.get("broker-kill-losses.svg")!;
    for (const text of ["silent: nobody was told", "0 + 6,000", "30 (24–36) + 5,900 (4,720–7,080)", "0 + 0"]) {
      assert.ok(svg.includes(`>${text}<`), text);
    }
  });

  it("show first to last recipient only of cells that reached all", () => {
    const svg = files.get("fan-out-recipients.svg")!;
    assert.ok(svg.includes(">250 µs – 810 µs – 1.62 ms<"));
    assert.ok(!svg.includes(">no broker<"));
  });

  it("show connections per node where the experiment asks for them", () => {
    const svg = files.get("coming-back-connections.svg")!;
    assert.ok(svg.includes(">node-1: 21<") && svg.includes(">node-3: 19<"));
    assert.ok(!files.has("fan-out-connections.svg"));
  });

  it("show a storm per back-off, and none where all wait alike", () => {
    const svg = files.get("reconnect-storm-storm.svg")!;
    for (const text of ["at once, peak 200/s", "after 1000 ms, peak 120/s"]) assert.ok(svg.includes(`>${text}<`), text);
    assert.ok(!files.has("broker-kill-storm.svg"));
  });

  it("show the scaling of each broker", () => {
    assert.ok(files.get("scaling.svg")!.includes(">Redis<"));
  });
});

describe("a sequence of events", () => {
  it("labels every event, over connected users and deliveries", () => {
    const svg = files.get("broker-kill-sequence-nats.svg")!;
    for (const text of ["redis: killed, 1 s", "users: first user noticed, 1.004 s", "users: all caught up, 5.6 s"]) {
      assert.ok(svg.includes(`>${text}<`), text);
    }
    assert.match(svg, />connected users, at most 60</);
    assert.match(svg, />deliveries per second, at most 3,000</);
    assert.doesNotMatch(svg, />tries to connect per second/);
  });

  it("puts labels of events close to each other on lines of their own", async () => {
    const events = [0, 1, 2, 3, 4].map((atMs): Event => ({ atMs, subject: "s", what: `${atMs}`, kind: "fault" }));
    const places = placesOf(await sequenceOf(events));
    const lines = [0, 1, 2, 3, 4].map((index) => places.get(`s: ${index}, ${index / 1000} s`)!.y);
    assert.equal(new Set(lines).size, 5);
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    );
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
    assert.match(svg, />s: event 39, 3\.9 s</);
  });
});
