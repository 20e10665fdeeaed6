/** What a probe is, and what it says. */
import type { Limits, Options, Traits } from "../../../../protocol/contract.ts";
import { masked } from "../../../../protocol/secrets.ts";
import type { Finding } from "../../../../results/contract/finding.ts";

/** What is probed, as data. */
export interface ProbedTarget {
  /** What a client connects to, with its credentials. */
  readonly url: string;
  readonly protocol: string;
  readonly options: Options;
  readonly downlink: Traits["downlink"];
  /** Whether a SASL login (RFC 6120 section 6) comes before the first message. */
  readonly hasLogin: boolean;
  /** Of a server that this run has started with them; absent: nobody knows them. */
  readonly limits?: Limits;
}

export type Verdict = Pick<Finding, "outcome" | "evidence">;

/** Puts one question to a target, on connections of its own. Rejects where the answer could not be had. */
export type Probe = (target: ProbedTarget) => Promise<Verdict>;

/** What clients advise after an answer is not the answer. */
const evidenceMax = 100;

const verdict =
  (outcome: Finding["outcome"]) =>
  (evidence: string): Verdict => {
    const text = masked(evidence);
    return { outcome, evidence: text.length > evidenceMax ? `${text.slice(0, evidenceMax).toWellFormed()}…` : text };
  };

export const refusedByProtocol = verdict("refused-by-protocol");
export const refusedByServer = verdict("refused-by-server");
export const accepted = verdict("accepted");
export const notApplicable = verdict("not-applicable");
export const leftOut = verdict("left-out");

/** A probe of a wire that has nothing to attack there. */
export const nothingThere =
  (why: string): Probe =>
  async () =>
    notApplicable(why);

/** Longest wait for an answer: a machine may be busy. */
export const patienceMs = 10_000;
/** How long half a handshake is watched where nobody knows the server's limit. */
export const watchMs = 3000;
