/** Known answers through the real harness, repeated until the trials agree. */
import { embeddedTarget } from "../../targets/target.ts";
import type { Check } from "./checks.ts";
import { agree, type Verdict } from "./judge.ts";
import { type KnownAnswerTrial, knownAnswerTrials } from "./trials.ts";

/** So often is a trial run at most; what is not decided then is called too noisy. */
const attemptsMax = 3;

/** `starts` hears of each attempt. Rejects when a process of the harness fails or `signal` aborts. */
export async function checkKnownAnswers(
  protocol: string,
  starts: (trial: KnownAnswerTrial, attempt: number) => void,
  signal: AbortSignal,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const trial of knownAnswerTrials(protocol)) {
    const attempts: Check[][] = [];
    while (attempts.length < attemptsMax && !isDecided(attempts, trial.passes)) {
      starts(trial, attempts.length + 1);
      const target = embeddedTarget(protocol);
      attempts.push(await trial.run({ target, seed: attempts.length + 1, signal }));
    }
    checks.push(...joinAttempts(attempts, trial.passes));
  }
  return checks;
}

const verdictsOf = (attempts: readonly Check[][], index: number): Verdict[] =>
  attempts.flatMap((checks) => checks[index]?.verdict as Verdict);

const isDecided = (attempts: readonly Check[][], passes: number): boolean =>
  attempts.length > 0 && attempts[0]!.every((_, index) => agree(verdictsOf(attempts, index), passes) !== undefined);

/** Each check with the verdict its attempts agree on, and the numbers of the last attempt that had it. */
export function joinAttempts(attempts: readonly Check[][], passes: number): Check[] {
  return (attempts[0] ?? []).map((_, index) => {
    const verdict = agree(verdictsOf(attempts, index), passes) ?? "too noisy";
    const shown = attempts.findLast((checks) => checks[index]!.verdict === verdict) ?? attempts.at(-1)!;
    return { ...shown[index]!, verdict };
  });
}
