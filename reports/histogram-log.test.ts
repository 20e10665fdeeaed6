import assert from "node:assert/strict";
import { test } from "node:test";
import { HistogramLogReader, listTags } from "hdr-histogram-js";
import { decodeHistogram } from "../results/statistics/histogram.ts";
import { renderHistogramLog } from "./histogram-log.ts";
import { madeUpResults } from "./testing.ts";

test("writes what a reader of the format gives back: every histogram, tagged, with its counts and values", () => {
  const results = madeUpResults();
  const log = renderHistogramLog(results);
  const tags = listTags(log);
  assert.ok(tags.includes("websocket/echo/echo/roundTripService"), tags.join("\n"));
  const reader = new HistogramLogReader(log);
  let read = 0;
  for (let interval = reader.nextIntervalHistogram(); interval !== null; interval = reader.nextIntervalHistogram()) {
    read += interval.totalCount;
  }
  const written = results.cells
    .flatMap((cell) => (cell.state === "measured" ? cell.trials : []))
    .flatMap(({ windows, histograms }) => [...windows.map((window) => window.histograms), histograms])
    .flatMap((histograms) => Object.values(histograms))
    .reduce((sum, encoded) => sum + decodeHistogram(encoded).totalCount, 0);
  assert.ok(written > 0);
  assert.equal(read, written);
});

test("keeps a label with spaces and commas in one tag", () => {
  const results = madeUpResults();
  for (const cell of results.cells) Object.assign(cell, { target: "web socket, mine", variant: "a, b" });
  for (const line of renderHistogramLog(results)
    .split("\n")
    .filter((each) => each.startsWith("Tag="))) {
    assert.match(line, /^Tag=web-socket-mine\/\w+\/a-b\/\S+,[\d.]+,[\d.]+,[\d.]+,\S+$/);
  }
});
