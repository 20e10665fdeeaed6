import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "./session.ts";

const welcome = (found: boolean, steps: number) =>
  ({ type: "welcome", node: "n", session: "s", found, steps }) as const;
const stepped = (found: boolean, steps: number) => ({ type: "stepped", request: 0, node: "n", found, steps }) as const;

function sessionAt(steps: number): Session {
  const session = new Session();
  session.welcomed(welcome(false, steps));
  return session;
}

test("the first welcome finds nothing and names the session", () => {
  const session = new Session();
  assert.equal(session.id, undefined);
  assert.equal(session.welcomed(welcome(false, 0)), undefined);
  assert.equal(session.id, "s");
});

test("a state is found only as far on as it was left", () => {
  for (const [steps, found] of [
    [2, false],
    [3, true],
    [4, false],
  ] as const) {
    assert.equal(sessionAt(3).welcomed(welcome(true, steps)), found);
  }
  assert.equal(sessionAt(3).welcomed(welcome(false, 3)), false, "the node says that it was not there");
});

test("a step is found if the state is there and one further", () => {
  for (const [steps, found] of [
    [3, false],
    [4, true],
    [5, false],
  ] as const) {
    const session = sessionAt(3);
    session.asked();
    assert.equal(session.stepped(stepped(true, steps)), found);
  }
});

test("a step without an answer may have been taken or not, and the next answer settles it", () => {
  for (const [steps, found] of [
    [2, false],
    [3, true],
    [4, true],
    [5, false],
  ] as const) {
    const session = sessionAt(3);
    session.asked();
    assert.equal(session.welcomed(welcome(true, steps)), found);
    assert.equal(session.welcomed(welcome(true, steps)), true);
    assert.equal(session.welcomed(welcome(true, steps + 1)), false);
  }
});

test("a user whose state was not there starts again from what it is told", () => {
  const session = sessionAt(3);
  assert.equal(session.welcomed(welcome(false, 0)), false);
  session.asked();
  assert.equal(session.stepped(stepped(true, 1)), true);
});
