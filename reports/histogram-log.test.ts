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
  assert.ok(tags.includes("websocket/echo/echo/roundTrip/service"), tags.join("\n"));
  const reader = new HistogramLogReader(log);
  let read = 0;
  for (let interval = reader.nextIntervalHistogram(); interval !== null; interval = reader.nextIntervalHistogram()) {
    read += interval.totalCount;
  }
  const written = results.cells
    .flatMap((cell) => (cell.state === "measured" ? cell.trials : []))
    .flatMap(({ windows }) => windows.flatMap(({ flows }) => [flows.roundTrip, flows.uplink, flows.downlink]))
    .flatMap((flow) => [flow?.histograms.dispatch, flow?.histograms.service, flow?.histograms.scheduled])
    .reduce((sum, encoded) => sum + (encoded === undefined ? 0 : decodeHistogram(encoded).totalCount), 0);
  assert.ok(written > 0);
  assert.equal(read, written);
});

test("keeps a label with spaces and commas in one tag", () => {
  const results = madeUpResults();
  for (const cell of results.cells) cell.target = "web socket, mine";
  for (const line of renderHistogramLog(results)
    .split("\n")
    .filter((each) => each.startsWith("Tag="))) {
    assert.match(line, /^Tag=web-socket-mine\/\S+,[\d.]+,[\d.]+,[\d.]+,\S+$/);
  }
});
