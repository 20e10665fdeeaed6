/**
 * What every protocol must do before its speed means anything. Run by the tests over every registered protocol and
 * by every run before it measures: a target that fails a case is refused with the reason.
 */

import type { Limits, Options, Protocol } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { cases } from "./cases.ts";
import type { PayloadSize, Remark } from "./payload-sizes.ts";
import { answerMs, Peer } from "./peer.ts";

export interface ConformanceResult {
  /** A sentence in the third person: what the target does, or failed to do. */
  case: string;
  outcome: "passed" | "failed" | "skipped";
  /** Why it failed or does not apply. */
  reason?: string;
  /** Of a case that passed. */
  remarks?: readonly Remark[];
}

/** Where the cases find the target. */
export interface ConformanceTarget {
  url: string;
  /** A server this run did not start: it only echoes, so the cases that order it to push or close are skipped. */
  foreign: boolean;
  options: Options;
  /** What the run wants to send. */
  payloads?: readonly PayloadSize[];
  /** How long a foreign server may take over a long message, or over many: with a limit of 3 kB/s, 64 KiB take 30 s. */
  patienceMs?: number;
}

const foreignPatienceMs = 45_000;

/** What a case may do. */
export interface ConformanceContext {
  readonly protocol: Protocol;
  readonly url: string;
  readonly options: Options;
  readonly foreign: boolean;
  readonly payloads: readonly PayloadSize[];
  /** For an answer to a long message, or to many. */
  readonly patienceMs: number;
  remark(remark: Remark): void;
  /** Whether the target was remarked to limit the rate. */
  seemsLimited(): boolean;
  connect(limits?: Partial<Limits>): Promise<Peer>;
}

/** Runs all cases in order, stopping at the first failure: what follows a broken server says nothing more. */
export async function checkConformance(protocol: Protocol, target: ConformanceTarget): Promise<ConformanceResult[]> {
  const options = { ...target.options, ...quickOptions(protocol, target.options) };
  let remarks: Remark[] = [];
  let limited = false;
  const context: ConformanceContext = {
    protocol,
    url: target.url,
    options,
    foreign: target.foreign,
    payloads: target.payloads ?? [],
    patienceMs: target.foreign ? (target.patienceMs ?? foreignPatienceMs) : answerMs,
    remark(remark) {
      // Once is enough: everything is slow then.
      if (remark.code !== "rate-limit" || !limited) remarks.push(remark);
      limited ||= remark.code === "rate-limit";
    },
    seemsLimited: () => limited,
    connect: (limits) => Peer.connect(protocol.client, target.url, options, limits),
  };
  const results: ConformanceResult[] = [];
  for (const { name, server, run } of cases) {
    if (server === "scripted" && target.foreign) {
      const reason = "it needs a server that takes orders; one started elsewhere only echoes";
      results.push({ case: name, outcome: "skipped", reason });
      continue;
    }
    remarks = [];
    try {
      await run(context);
      results.push({ case: name, outcome: "passed", ...(remarks.length > 0 && { remarks }) });
    } catch (error) {
      results.push({ case: name, outcome: "failed", reason: describeError(error) });
      break;
    }
  }
  return results;
}

/** Values that change how long the suite takes, and nothing that it looks at. */
const quickOptions = ({ server: { traits } }: Protocol, options: Options): Options =>
  Object.fromEntries(
    (traits.options ?? []).flatMap(({ name, conformanceValue }) =>
      conformanceValue === undefined ? [] : [[name, conformanceValue(options)]],
    ),
  );
