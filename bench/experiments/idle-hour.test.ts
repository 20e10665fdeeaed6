/** What a heartbeat costs, to the byte, and who misses it. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ProgramPool } from "../rigs/program-pool.ts";
import { parseTarget } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { idleHour } from "./idle-hour.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellsOf = (target: string) =>
  idleHour.cells({
    targets: [parseTarget(target)],
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  });

/** Few users, and so seldom that one who stands still on a busy machine still answers in time. */
const pace = { everyMs: 500, users: 2, crowdMs: 300 };

// Most of it waits for timers.
describe("the idle-hour experiment", { timeout: 600_000, concurrency: true }, () => {
  it("counts an hour in heartbeats of the usual interval, or of the one that is asked for", () => {
    const intervals = { websocket: "30s", "websocket+heartbeat=55s": "55s", sse: "15s", xmpp: "60s" };
    for (const [target, usual] of Object.entries(intervals)) assert.equal(cellsOf(target)[0]!.usual, usual, target);
  });

  it("leaves the heartbeat out where that is the same protocol", () => {
    const variants = (target: string) => cellsOf(target).map(({ variant }) => variant);
    assert.deepEqual(variants("tcp"), ["no heartbeat"]);
    assert.deepEqual(variants("websocket"), [undefined, "no heartbeat"]);
    assert.deepEqual(variants("websocket+heartbeat=1m"), [undefined]);
    assert.deepEqual(variants("long-polling"), [undefined], "what is held must be answered some time");
  });

  it("measures no server of others, and says why", () => {
    const [cell] = cellsOf("websocket=ws://127.0.0.1:9/");
    assert.match(idleHour.unfit!(cell!)!, /its own settings/);
  });

  const perHour = { websocket: 3600 / 30, sse: 3600 / 15 };
  for (const [target, heartbeats] of Object.entries(perHour)) {
    it(`counts the bytes of a heartbeat of ${target} as specified, and says who misses it`, async () => {
      const [cell] = cellsOf(target);
      const { measures, predictions } = await measureOnce(idleHour, { ...cell!, pace }, context);
      const untimed = predictions.filter(({ metric }) => !metric.endsWith("Intervals"));
      assert.deepEqual(
        untimed.filter(({ verdict }) => verdict !== "held"),
        [],
      );
      assert.equal(measures.idleWireBytesPerUserHour, 8 * heartbeats);
      assert.equal(measures.idleWakeUpsPerUserHour, heartbeats);
      assert.equal(measures.serverNoticesAfterMs !== undefined, target === "websocket");
      assert.ok(measures.clientNoticesAfterMs! > 0);
    });
  }
});
