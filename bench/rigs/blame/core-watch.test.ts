import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreWatch, type Watched } from "./core-watch.ts";

const second = 1e9;

/** A watch whose clock and readings the test decides. */
function watched() {
  let atNs = 0;
  let threads: Record<string, { ranNs: number; waitedNs: number }> = { main: { ranNs: 0, waitedNs: 0 } };
  const subject: Watched = { pids: [1], threads: "all" };
  const watch = new CoreWatch(() => new Map([["node-1", subject]]), {
    nowNs: () => atNs,
    read: () => new Map(Object.entries(threads)),
  });
  return {
    watch,
    /** So much later, each thread having run and waited for so long in all, in seconds. */
    pass(s: number, totals: Record<string, readonly [ran: number, waited: number]>) {
      atNs += s * second;
      threads = Object.fromEntries(
        Object.entries(totals).map(([name, [ran, waited]]) => [
          name,
          { ranNs: ran * second, waitedNs: waited * second },
        ]),
      );
      watch.look("everything");
    },
  };
}

test("tells how a time went by, of the thread that waited most", () => {
  const { watch, pass } = watched();
  using _ = watch;
  pass(1, { main: [0.2, 0.1] });
  pass(1, { main: [0.4, 0.8], helper: [5, 5] });
  pass(1, { main: [0.5, 0.8], helper: [5.1, 5.9] });
  const rounded = ({ ranMs, waitedMs } = { ranMs: -1, waitedMs: -1 }) => [Math.round(ranMs), Math.round(waitedMs)];
  assert.deepEqual(rounded(watch.times("node-1", 0, second)), [200, 100]);
  assert.deepEqual(
    rounded(watch.times("node-1", second, 2 * second)),
    [200, 700],
    "a thread that is new tells nothing",
  );
  assert.deepEqual(rounded(watch.times("node-1", 2 * second, 3 * second)), [100, 900]);
  assert.deepEqual(rounded(watch.times("node-1", 0, 3 * second)), [500, 1700]);
  assert.equal(watch.times("node-1", 4 * second, 5 * second), undefined);
  assert.equal(watch.times("node-2", 0, second), undefined);
  const worst = watch.worst(0)!;
  assert.deepEqual([Math.round(worst.share * 100), Math.round(worst.perSecondMaxMs)], [57, 900]);
  assert.equal(watch.worst(9 * second), undefined);
});

test("reads this very process, and says nothing of one that is not there", {
  skip: process.platform !== "linux",
}, () => {
  using watch = new CoreWatch(
    () =>
      new Map<string, Watched>([
        ["this", { pids: [process.pid], threads: "all" }],
        ["nobody", { pids: [2 ** 30], threads: "main" }],
      ]),
  );
  watch.look("everything");
  assert.ok(watch.times("this", 0, Number.POSITIVE_INFINITY) !== undefined);
  const nobody = watch.times("nobody", 0, Number.POSITIVE_INFINITY);
  assert.deepEqual(nobody, { ranMs: 0, waitedMs: 0 });
});
