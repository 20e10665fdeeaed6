import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, shuffled } from "../../../protocol/random.ts";
import { chanceOf } from "./expectations.ts";

const shapes = [
  { nodes: 3, users: 30, rounds: 3 },
  { nodes: 5, users: 30, rounds: 3 },
  { nodes: 2, users: 90, rounds: 3 },
];

test("a share that chance decides stays within its bounds, and they are no wider than that needs", () => {
  const random = seededRandom(7);
  const runs = 4000;
  for (const { nodes, users, rounds } of shapes) {
    const everybody = Array.from({ length: users }, (_, user) => user);
    const share = (): number => {
      let met = 0;
      for (let round = 0; round < rounds; round++) {
        const places = shuffled(everybody, random);
        met += everybody.filter((user) => places[user]! % nodes === user % nodes).length;
      }
      return met / (users * rounds);
    };
    const middle = 1 / nodes;
    const { low, high } = chanceOf(middle, users, rounds);
    const shares = Array.from({ length: runs }, share);
    const beyond = (part: number): number =>
      shares.filter((one) => one < middle - part * (middle - low) || one > middle + part * (high - middle)).length;
    assert.ok(beyond(1) <= runs * 0.003, `${nodes} nodes: ${beyond(1)} of ${runs} outside`);
    assert.ok(beyond(0.5) > runs * 0.02, `${nodes} nodes: only ${beyond(0.5)} of ${runs} beyond half of the way`);
  }
});
