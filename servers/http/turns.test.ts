import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Turns } from "./turns.ts";

const options = { countMax: 4, bytesMax: 100, waitMs: 1000 };

test("requests are taken in the order of their numbers, however they come", () => {
  const taken: number[] = [];
  const turns = new Turns(options);
  for (const number of [2, 1, 0, 4, 3]) {
    assert.ok(turns.expects(number), `${number}`);
    turns.enter(
      number,
      10,
      () => taken.push(number),
      () => assert.fail("late"),
    );
  }
  assert.deepEqual(taken, [0, 1, 2, 3, 4]);
});

test("a number that was taken, waits already or is too far ahead is not expected", () => {
  const turns = new Turns(options);
  const enter = (number: number) =>
    turns.enter(
      number,
      10,
      () => {},
      () => {},
    );
  enter(0);
  enter(2);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].filter((number) => turns.expects(number)),
    [1, 3, 4],
  );
  turns.clear();
});

test("what waits is bounded in bytes, and leaves room when it leaves", () => {
  const turns = new Turns(options);
  const enter = (number: number, bytes: number) =>
    turns.enter(
      number,
      bytes,
      () => {},
      () => {},
    );
  const leave = enter(1, 60);
  assert.equal(enter(2, 60), undefined);
  leave?.();
  const other = enter(2, 60);
  assert.ok(other);
  other();
});

test("a request that waits in vain is told so, and taken no more", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const heard: string[] = [];
    const turns = new Turns(options);
    turns.enter(
      1,
      10,
      () => heard.push("taken"),
      () => heard.push("late"),
    );
    mock.timers.tick(options.waitMs);
    turns.enter(
      0,
      10,
      () => heard.push("first"),
      () => {},
    );
    assert.deepEqual(heard, ["late", "first"]);
  } finally {
    mock.timers.reset();
  }
});
