/** Known answers through the real harness; what a busy machine left undecided is tried again. */
import { embeddedTarget } from "../../targets/target.ts";
import type { Check } from "./check.ts";
import { agree, type Verdict } from "./judge.ts";
import { type KnownAnswerTrial, knownAnswerTrials } from "./trials.ts";

/** So often is a window tried at most. */
const attemptsMax = 3;

/** `starts` hears of each attempt. Windows are all, or some by name. Rejects when a process of the harness fails or `signal` aborts. */
export async function checkKnownAnswers(
  protocol: string,
  starts: (trial: KnownAnswerTrial, attempt: number) => void,
  signal: AbortSignal,
  only?: ReadonlySet<string>,
): Promise<Check[]> {
  const target = embeddedTarget(protocol);
  const checks: Check[] = [];
  for (const trial of knownAnswerTrials(protocol)) {
    const attempts = new Map<string, Check[][]>();
    let undecided = new Set(trial.windows.filter((name) => only?.has(name) ?? true));
    for (let attempt = 1; attempt <= attemptsMax && undecided.size > 0; attempt++) {
      starts(trial, attempt);
      for (const [window, seen] of await trial.run({ target, seed: attempt, signal }, undecided)) {
        attempts.set(window, [...(attempts.get(window) ?? []), seen]);
      }
      undecided = new Set([...attempts].filter(([, seen]) => !isDecided(seen)).map(([window]) => window));
    }
    for (const seen of attempts.values()) checks.push(...joinAttempts(seen));
  }
  return checks;
}

/** What the wire proves needs no second look; what a busy machine might have done must come again in every attempt. */
function verdictOf(checks: readonly Check[]): Verdict | undefined {
  const verdicts = checks.map(({ verdict }) => verdict as Verdict);
  if (checks[0]?.likely === true) return agree(verdicts, { failuresMin: attemptsMax });
  return verdicts.find((verdict) => verdict === "failed") ?? verdicts.find((verdict) => verdict === "passed");
}

const ofCheck = (attempts: readonly Check[][], name: string): Check[] =>
  attempts.flatMap((checks) => checks.find((check) => check.name === name) ?? []);

/** Nor is there more to find out of a window in which something is proved to be wrong. */
const isDecided = (attempts: readonly Check[][]): boolean =>
  attempts.at(-1)!.some(({ verdict, likely }) => verdict === "failed" && likely !== true) ||
  attempts[0]!.every(({ name }) => verdictOf(ofCheck(attempts, name)) !== undefined);

/** Each check with the verdict of its attempts together, and the numbers of the last attempt that had it. */
export function joinAttempts(attempts: readonly Check[][]): Check[] {
  return attempts[0]!.map(({ name }) => {
    const all = ofCheck(attempts, name);
    const verdict = verdictOf(all) ?? "cannot tell";
    return { ...(all.findLast((check) => check.verdict === verdict) ?? all.at(-1)!), verdict };
  });
}
