import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeTrials } from "./cluster-validity.ts";

const codes = (...measures: Record<string, number>[]) => {
  const { verdict, flags } = judgeTrials(measures.map((own) => ({ measures: own })));
  return [verdict, ...flags.map(({ code }) => code)];
};

test("an arm whose users were busy all the time in one trial is bound by them", () => {
  assert.deepEqual(codes({ usersEventLoopUtilization: 0.5 }, { usersEventLoopUtilization: 0.95 }), [
    "generator-bound",
    "users-saturated",
  ]);
  assert.deepEqual(codes({ usersEventLoopUtilization: 0.5 }), ["valid"]);
});

test("messages that left late are told of, also where there are too few of them for a 99th percentile", () => {
  assert.deepEqual(codes({ dispatchP50Us: 100, dispatchP99Us: 20_000 }), ["valid", "users-late"]);
  assert.deepEqual(codes({ dispatchP50Us: 20_000 }), ["valid", "users-late"]);
  assert.deepEqual(codes({ dispatchP50Us: 100, dispatchP99Us: 9000 }), ["valid"]);
});
