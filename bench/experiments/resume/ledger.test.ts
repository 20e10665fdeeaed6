/** What became of each update, of logs written by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeHistogram } from "../../../results/statistics/histogram.ts";
import type { UserLog } from "../../rigs/roles/resume.ts";
import { resumeMeasures } from "./ledger.ts";

/** Ten updates, one every 10 ns from 10 on; the way is silent from 25 to 55, and refused until 75. */
const publishedNs = Array.from({ length: 10 }, (_, index) => 10 * (index + 1));
const outage = { startNs: 25, silentUntilNs: 55, healedNs: 75 };

const measured = (user: Partial<UserLog>, handed: [number, number][][]) =>
  resumeMeasures(
    { publishedNs, handed },
    [{ from: 0, connections: [1], arrivals: [], attempts: 0, ...user }],
    [outage],
  );

const arrivalsOf = (...updates: readonly number[]): UserLog["arrivals"] =>
  updates.map((update) => [update, 10 * update + 1] as const);

test("what was lost is told apart by whether the server took it for sent", () => {
  // The first connection is given all of the silence, the second begins after the outage.
  const handed: [number, number][][] = [[[1, 5]], [[8, 10]]];
  const { measures, histograms } = measured(
    { connections: [1, 2], arrivals: arrivalsOf(1, 2, 8, 9, 10), attempts: 3 },
    handed,
  );
  assert.equal(measures.lostUpdates, 5);
  assert.equal(measures.acceptedThenLostUpdates, 3);
  assert.equal(measures.lostInOutageShare, 1);
  assert.equal(measures.acceptedThenLostShare, 1);
  assert.equal(measures.comebackAttempts, 3);
  assert.equal(measures.outageMs, 50 / 1e6);
  assert.equal(decodeHistogram(histograms.recovery).maxValue, 81 - 75);
});

test("what comes late is not lost, and the first of it is the recovery", () => {
  const late = [3, 4, 5, 6, 7].map((update) => [update, 76] as const);
  const arrivals = [...arrivalsOf(1, 2), ...late, ...arrivalsOf(8, 9, 10)];
  const { measures, histograms } = measured({ arrivals }, [[[1, 10]]]);
  assert.equal(measures.lostUpdates, 0);
  assert.equal(measures.lostInOutageShare, 0);
  assert.equal(measures.acceptedThenLostShare, 0);
  assert.equal(measures.reorderedUpdates, 0);
  assert.equal(decodeHistogram(histograms.recovery).maxValue, 1);
});

test("copies and what is overtaken are counted", () => {
  const { measures } = measured({ arrivals: arrivalsOf(1, 2, 2, 4, 3, 1, 5, 6, 7, 8, 9, 10) }, [[[1, 10]]]);
  assert.equal(measures.duplicatedUpdates, 2);
  assert.equal(measures.reorderedUpdates, 1);
  assert.equal(measures.lostUpdates, 0);
});

test("nobody is owed what was published before it came", () => {
  const { measures } = measured({ from: 7, arrivals: arrivalsOf(8, 9, 10) }, [[[8, 10]]]);
  assert.equal(measures.lostUpdates, 0);
  assert.equal(measures.lostInOutageShare, undefined, "nothing was owed in the outage");
});

test("a user who never came back makes no recovery shorter", () => {
  const { measures } = measured({ arrivals: arrivalsOf(1, 2) }, [[[1, 2]]]);
  assert.equal(measures.lostUpdates, 8);
  assert.equal(measures.recoveryMaxUs, undefined);
});
