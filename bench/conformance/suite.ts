/**
 * What every protocol must do before its speed means anything. Run by the tests over every registered protocol and
 * by every run before it measures: a target that fails a case is refused with the reason.
 */

import type { Limits, Options, Protocol } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { cases } from "./cases.ts";
import { Peer } from "./peer.ts";

export interface ConformanceResult {
  /** A sentence in the third person: what the target does, or failed to do. */
  case: string;
  outcome: "passed" | "failed" | "skipped";
  /** Why it failed or does not apply. */
  reason?: string;
}

/** Where the cases find the target. */
export interface ConformanceTarget {
  url: string;
  /** A server this run did not start: it only echoes, so the cases that order it to push or close are skipped. */
  foreign: boolean;
  options: Options;
}

/** What a case may do. */
export interface ConformanceContext {
  readonly protocol: Protocol;
  readonly url: string;
  readonly options: Options;
  connect(limits?: Partial<Limits>): Promise<Peer>;
}

/** Runs all cases in order, stopping at the first failure: what follows a broken server says nothing more. */
export async function checkConformance(protocol: Protocol, target: ConformanceTarget): Promise<ConformanceResult[]> {
  const options = { ...target.options, ...quickOptions(protocol) };
  const context: ConformanceContext = {
    protocol,
    url: target.url,
    options,
    connect: (limits) => Peer.connect(protocol.client, target.url, options, limits),
  };
  const results: ConformanceResult[] = [];
  for (const { name, server, run } of cases) {
    if (server === "scripted" && target.foreign) {
      const reason = "it needs a server that takes orders; one started elsewhere only echoes";
      results.push({ case: name, outcome: "skipped", reason });
      continue;
    }
    try {
      await run(context);
      results.push({ case: name, outcome: "passed" });
    } catch (error) {
      results.push({ case: name, outcome: "failed", reason: describeError(error) });
      break;
    }
  }
  return results;
}

/** Values that change how long the suite takes, and nothing that it looks at. */
const quickOptions = ({ server: { traits } }: Protocol): Options =>
  Object.fromEntries(
    (traits.options ?? []).flatMap(({ name, conformanceValue }) =>
      conformanceValue === undefined ? [] : [[name, conformanceValue]],
    ),
  );
