/** The same HTTP server measured by autocannon and by this harness, in turn. */
import { formatQuantity } from "../../../results/quantities/format.ts";
import type { Check } from "../known-answers/check.ts";
import { agree, judgeWithin, type Verdict } from "../known-answers/judge.ts";
import { httpWithAutocannon, httpWithHarness } from "./http.ts";
import type { LoopTiming } from "./loop.ts";

const timing: LoopTiming = { payloadBytes: 256, warmupMs: 1000, durationMs: 1000 };

/** Rates per second in the order they were measured: autocannon, the harness, and so on; autocannon may have one more. */
export interface Rounds {
  readonly autocannon: number[];
  readonly harness: number[];
}

const shape = { connections: 10, inFlight: 1 } as const;
const fastRounds = 2;
const slowDelayMs = 10;
/** What a quiet machine makes of 10 requests that each wait for 10 ms and a timer's coarseness, at the least. */
const slowPerSecondMin = 850;
const slowRoundsMax = 3;

/**
 * Closed loop, one request unanswered per connection. Against a server that answers at once the rate depends on what
 * the client itself costs, so the two tools may well differ: it is said, not held against anyone. Against one that
 * answers late it does not, and they must agree. `starts` hears of each round.
 */
export async function askAutocannon(starts: (what: string) => void, signal: AbortSignal): Promise<Check[]> {
  const cannon = async (rounds: Rounds, delayMs: number): Promise<void> => {
    starts(
      `HTTP, ${delayMs === 0 ? "answers at once" : `answers after ${delayMs} ms`}, round ${rounds.harness.length + 1}`,
    );
    signal.throwIfAborted();
    rounds.autocannon.push((await httpWithAutocannon(shape, timing, delayMs)).ratePerSecond);
  };
  const harness = async (rounds: Rounds, delayMs: number): Promise<void> => {
    signal.throwIfAborted();
    const { ratePerSecond } = await httpWithHarness(shape, rounds.harness.length + 1, timing, delayMs);
    rounds.harness.push(ratePerSecond);
  };
  const fast: Rounds = { autocannon: [], harness: [] };
  while (fast.harness.length < fastRounds) {
    await cannon(fast, 0);
    await harness(fast, 0);
  }
  const slow: Rounds = { autocannon: [], harness: [] };
  await cannon(slow, slowDelayMs);
  while (slow.harness.length < slowRoundsMax && agreement(slow) === undefined) {
    await harness(slow, slowDelayMs);
    await cannon(slow, slowDelayMs);
  }
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

/**
 * Each round of the harness against those of autocannon before and after it: what differs between those two is the
 * machine, and where they fall short it says nothing. Two rounds must agree on the verdict.
 */
const agreement = ({ autocannon, harness }: Rounds): Verdict | undefined =>
  agree(
    harness.map((measured, round) => {
      const [before, after] = [autocannon[round]!, autocannon[round + 1]!];
      const expected = (before + after) / 2;
      const tolerance = quietShare * expected;
      const quiet = Math.min(before, after) >= slowPerSecondMin;
      const noise = quiet ? (tolerance + Math.abs(before - after)) / 2 : Number.POSITIVE_INFINITY;
      return judgeWithin({ expected, measured, tolerance, noise });
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
