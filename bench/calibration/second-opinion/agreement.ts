/** The same HTTP server measured by autocannon and by this harness, in turn. */
import { formatQuantity } from "../../../results/quantities/format.ts";
import type { Check } from "../known-answers/check.ts";
import { agree, judgeWithin, type Verdict } from "../known-answers/judge.ts";
import { httpWithAutocannon, httpWithHarness } from "./http.ts";
import type { LoopTiming } from "./loop.ts";

const timing: LoopTiming = { payloadBytes: 256, warmupMs: 500, durationMs: 1000 };

/** Rates per second, one of each round. */
export interface Rounds {
  readonly autocannon: number[];
  readonly harness: number[];
}

const shape = { connections: 10, inFlight: 1 } as const;
const fastRounds = 3;
const slowDelayMs = 10;
const slowRoundsMax = 4;

/**
 * Closed loop, one request unanswered per connection. Against a server that answers at once the rate depends on what
 * the client itself costs, so the two tools may well differ: it is said, not held against anyone. Against one that
 * answers late it does not, and they must agree. `starts` hears of each round.
 */
export async function askAutocannon(starts: (what: string) => void, signal: AbortSignal): Promise<Check[]> {
  const measure = async (rounds: Rounds, delayMs: number): Promise<void> => {
    const round = rounds.harness.length + 1;
    starts(`HTTP, ${delayMs === 0 ? "answers at once" : `answers after ${delayMs} ms`}, round ${round}`);
    signal.throwIfAborted();
    rounds.autocannon.push((await httpWithAutocannon(shape, timing, delayMs)).ratePerSecond);
    signal.throwIfAborted();
    rounds.harness.push((await httpWithHarness(shape, round, timing, delayMs)).ratePerSecond);
  };
  const fast: Rounds = { autocannon: [], harness: [] };
  while (fast.harness.length < fastRounds) await measure(fast, 0);
  const slow: Rounds = { autocannon: [], harness: [] };
  while (slow.harness.length < slowRoundsMax && agreement(slow) === undefined) await measure(slow, slowDelayMs);
  return [compareRates(fast), holdRates(slow, slowDelayMs)];
}

const range = (rates: readonly number[]): string =>
  `${formatQuantity(Math.min(...rates), "perSecond")} to ${formatQuantity(Math.max(...rates), "perSecond")}`;

/** Whether the ranges of the rounds overlap. */
export function compareRates({ autocannon, harness }: Rounds): Check {
  const overlap = Math.min(...autocannon) <= Math.max(...harness) && Math.min(...harness) <= Math.max(...autocannon);
  return {
    name: "answers at once",
    expected: range(autocannon),
    measured: range(harness),
    verdict: overlap ? "passed" : "differs",
  };
}

/** Share of the rate by which two rounds of the same thing differ on a quiet machine. */
const quietShare = 0.03;

/** Round by round, so that a drift of the machine meets both tools; two rounds must agree on the verdict. */
const agreement = ({ autocannon, harness }: Rounds): Verdict | undefined =>
  agree(
    autocannon.map((expected, round) => {
      const tolerance = quietShare * expected;
      return judgeWithin({ expected, measured: harness[round]!, tolerance, noise: tolerance });
    }),
    { passesMin: 2 },
  );

/** Whether two rounds or more lie within 3 % of each other. */
export const holdRates = (rounds: Rounds, delayMs: number): Check => ({
  name: `answers after ${delayMs} ms`,
  expected: `${range(rounds.autocannon)}, ± ${quietShare * 100} %`,
  measured: range(rounds.harness),
  verdict: agreement(rounds) ?? "cannot tell",
});
