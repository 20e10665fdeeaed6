import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { summarise } from "../../results/summary/summary.ts";
import { renderReport } from "../report.ts";
import { cellOf, resultsOf, sixTargets, trialWith } from "../testing.ts";
import { assertReadable } from "./testing.ts";

function cell(target: number, scenario: string, at: Record<string, string | number>, measures: Measures): Cell {
  const trials = [1, 2, 3].map((trial) => trialWith({ trial, measures }));
  const made = cellOf(scenario, sixTargets[target]!, trials);
  const { payloadBytes = made.parameters.payloadBytes, ...settings } = at;
  const parameters = { ...made.parameters, payloadBytes: Number(payloadBytes), settings };
  return { ...made, variant: Object.values(at).join(", "), parameters, ...summarise(trials) } as Cell;
}

const reportOf = (cells: readonly Cell[]) => {
  const [{ scenario }] = cells as [Cell];
  const experiment = { name: scenario, group: "throughput", title: scenario, question: "?" };
  return renderReport({ ...resultsOf(cells), experiments: [experiment] });
};

const overheads = [1024, 4096, 262_144].flatMap((payloadBytes) => [
  cell(1, "binary", { payloadBytes, as: "message" }, { wireOverPayloadBytesRatio: 1 + 12 / payloadBytes }),
  cell(5, "binary", { payloadBytes, as: "message" }, { wireOverPayloadBytesRatio: 1.333 + 140 / payloadBytes }),
  cell(5, "binary", { payloadBytes, as: "blocks" }, { wireOverPayloadBytesRatio: 1.4 + 500 / payloadBytes }),
]);

describe("a figure over a parameter", () => {
  it("has a line per target in a panel per way, and says both ends in words", async () => {
    const files = await reportOf(overheads);
    const svg = files.get("binary-overhead.svg")!;
    assertReadable("binary-overhead.svg", svg);
    for (const text of ["message", "blocks", "WebSocket", "XMPP"]) assert.ok(svg.includes(`>${text}<`), text);
    const report = files.get("report.md")!;
    assert.match(report, /blocks: XMPP from 1\.89× to 1\.40×\./);
    assert.ok(!files.has("binary-goodput.svg"), "nothing of it was measured");
  });

  it("draws what is only a bound open, and says which way it goes", async () => {
    const bound = { value: 5e7, low: 4e7, high: 6e7, bound: "at-least" } as const;
    const goodputs = [1024, 4096].map((payloadBytes): Cell => {
      const made = cell(1, "binary", { payloadBytes, as: "message" }, { goodputBytesPerSecond: 5e7 });
      return { ...made, summary: { goodputBytesPerSecond: bound } } as Cell;
    });
    const files = await reportOf(goodputs);
    assert.match(files.get("binary-goodput.svg")!, /open: at least that/);
    assert.match(files.get("report.md")!, /message: WebSocket from ≥ [\d,]+ KiB to ≥ /);
  });

  it("takes the places of a cell that has the number at several of them", async () => {
    const cold = (target: number, trips: number): Cell =>
      cell(
        target,
        "connect",
        {},
        {
          coldStartP50Us: 2000,
          coldStartAt40MsP50Us: 2000 + trips * 40_000,
          coldStartAt80MsP50Us: 2000 + trips * 80_000,
          coldStartAt120MsP50Us: 2000 + trips * 120_000,
        },
      );
    const files = await reportOf([cold(1, 3), cold(5, 7)]);
    const svg = files.get("connect-distance.svg")!;
    assertReadable("connect-distance.svg", svg);
    for (const text of ["0", "40", "80", "120", "400 ms"]) assert.ok(svg.includes(`>${text}<`), text);
    assert.match(files.get("report.md")!, /WebSocket from 2\.00 ms to 362 ms and XMPP from 2\.00 ms to 842 ms\./);
  });

  it("has a line for every poll interval", async () => {
    const delay = (target: number, valuesPerSecondAndUser: number, pushP50Us: number, pollInterval?: string): Cell =>
      cell(target, "push", { valuesPerSecondAndUser, ...(pollInterval && { pollInterval }) }, { pushP50Us });
    const cells = [1, 10, 100].flatMap((rate) => [
      delay(1, rate, 300),
      delay(3, rate, 25_000, "50ms"),
      delay(3, rate, 1e6, "2s"),
    ]);
    const svg = (await reportOf(cells)).get("push-delay.svg")!;
    assertReadable("push-delay.svg", svg);
    for (const text of ["WebSocket", "Short polling every 50 ms", "Short polling every 2 s"])
      assert.ok(svg.includes(`>${text}<`), text);
  });

  it("is left out where there is no line", async () => {
    const rooms = [cell(1, "room", { members: 10 }, { lastRecipientP50Us: 900 })];
    assert.ok(!(await reportOf(rooms)).has("room-last-member.svg"));
    const more = [...rooms, cell(1, "room", { members: 200 }, { lastRecipientP50Us: 9000 })];
    const svg = (await reportOf(more)).get("room-last-member.svg")!;
    assertReadable("room-last-member.svg", svg);
    assert.ok(svg.includes(">200<"));
  });
});
