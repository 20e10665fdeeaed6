/** Expectations several experiments share, so that one sentence and one formula stand for one thing. */
import { type CellPlan, exactly } from "../contract/experiment.ts";

export type Expectation = CellPlan["expectations"][number];

export const nothingMissing: Expectation = {
  statement: "every user gets every message",
  formula: "delivered / (published × users) = 1",
  metric: "deliveredFraction",
  expected: exactly(1),
};

export const nothingTwice: Expectation = {
  statement: "nobody gets a message twice",
  formula: "duplicates = 0",
  metric: "duplicatedDeliveries",
  expected: exactly(0),
};

export const publisherOrderKept: Expectation = {
  statement: "the messages of one publisher arrive in its order",
  formula: "reordered = 0",
  metric: "reorderedDeliveries",
  expected: exactly(0),
};

export const noSilentLoss: Expectation = {
  statement: "whatever is lost, somebody is told",
  formula: "silent loss = 0",
  metric: "silentLossDeliveries",
  expected: exactly(0),
};

export const everybodyBack: Expectation = {
  statement: "everybody who was cut off comes back",
  formula: "reconnected / cut off = 1",
  metric: "reconnectedFraction",
  expected: exactly(1),
};

export const nobodyCut: Expectation = {
  statement: "the users keep their connections",
  formula: "dropped = 0",
  metric: "droppedConnections",
  expected: exactly(0),
};

/**
 * A share that chance decides: where everybody of a group of `users` is drawn to one of 1/`share` nodes, each of which
 * takes as many as any other, `rounds` times, the share that meets the node it had before stays within this in 999 of
 * 1000 runs. A draw without replacement varies by n / (n - 1) more than independent ones: if one meets its place
 * again, places are left on that node for one fewer of its group. Normal approximation with a half-step of continuity.
 */
export function chanceOf(share: number, users: number, rounds: number): { low: number; high: number } {
  const draws = users * rounds;
  const variance = (share * (1 - share)) / draws;
  const reach = 3.29 * Math.sqrt((variance * users) / Math.max(1, users - 1)) + 0.5 / draws;
  return { low: Math.max(0, share - reach), high: Math.min(1, share + reach) };
}

export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
