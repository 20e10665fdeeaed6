import type { Verdict } from "./judge.ts";

/** One line of `wirebench verify`. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly measured: string;
  /** `differs` says that two tools do not agree, which may be the fault of either. */
  readonly verdict: Verdict | "differs";
  /** A busy machine might fail it, so it must fail in every attempt. */
  readonly likely?: true;
}
