/** The probes of the security experiment: what each tries, and what is left to build where it goes through. */
import type { Finding, ProbeOutcome } from "../contract/finding.ts";
import type { Trial } from "../contract/results.ts";
import type { Measures, MetricName } from "../metrics/metrics.ts";

interface ProbeEntry {
  /** As a row of a table is called. */
  readonly title: string;
  /** For a narrow column. */
  readonly short: string;
  /** What was done, as a clause. */
  readonly tried: string;
  /** What an application adds where it is accepted, as a noun phrase. */
  readonly build: string;
  /** What a protocol gives that refuses it, as a noun phrase. */
  readonly gives: string;
  /** 1 where it was refused. */
  readonly metric: MetricName;
}

/** In report order. */
export const probes = {
  "wrong-password": {
    title: "wrong password",
    short: "wrong password",
    tried: "credentials that are wrong, where the wire has a place for them",
    build: "a check of credentials",
    gives: "checked passwords",
    metric: "wrongPasswordRefusals",
  },
  "early-message": {
    title: "message before login",
    short: "before login",
    tried: "a message from a peer that has not logged in",
    build: "a login",
    gives: "a login before messages",
    metric: "earlyMessageRefusals",
  },
  "forged-sender": {
    title: "forged sender",
    short: "forged sender",
    tried: "a message that names somebody else as its sender",
    build: "true sender names",
    gives: "true senders",
    metric: "forgedSenderRefusals",
  },
  "replayed-login": {
    title: "replayed login",
    short: "replayed login",
    tried: "the last message of an earlier SCRAM login, sent again",
    build: "a login that cannot be replayed",
    gives: "logins that cannot be replayed",
    metric: "replayedLoginRefusals",
  },
  "false-server": {
    title: "false server",
    short: "false server",
    tried: "our client at a server that cannot prove who it is",
    build: "a proof of who the server is",
    gives: "a server that proves itself",
    metric: "falseServerRefusals",
  },
  plaintext: {
    title: "no TLS where required",
    short: "without TLS",
    tried: "plain text to a server that asks for TLS",
    build: "a refusal of plain text",
    gives: "nothing without TLS",
    metric: "plaintextRefusals",
  },
  "stripped-tls": {
    title: "offer of TLS stripped",
    short: "TLS stripped",
    tried: "our client on a way on which somebody cuts the offer of STARTTLS out",
    build: "a client that insists on TLS",
    gives: "TLS that cannot be stripped",
    metric: "strippedTlsRefusals",
  },
  oversize: {
    title: "oversize message",
    short: "oversize",
    tried: "a message larger than the server's limit",
    build: "a limit on size",
    gives: "a limit on size",
    metric: "oversizeRefusals",
  },
  "hostile-framing": {
    title: "hostile framing",
    short: "bad framing",
    tried: "bytes that the protocol forbids: a DTD and an entity where XML is parsed, else broken framing",
    build: "a check of the framing",
    gives: "refusal of hostile bytes",
    metric: "hostileFramingRefusals",
  },
  "slow-handshake": {
    title: "slow handshake",
    short: "slow handshake",
    tried: "half a handshake, and then nothing",
    build: "a limit on handshakes",
    gives: "a limit on handshakes",
    metric: "slowHandshakeRefusals",
  },
  "cross-origin": {
    title: "page of another origin",
    short: "other origin",
    tried: "the request of a browser whose page comes from another site",
    build: "a check of Origin",
    gives: "silence to pages of other sites",
    metric: "crossOriginRefusals",
  },
  flood: {
    title: "too many connections",
    short: "flood",
    tried: "one connection more than the server's limit",
    build: "a limit on connections",
    gives: "a limit on connections",
    metric: "floodRefusals",
  },
} as const satisfies Record<string, ProbeEntry>;

export type ProbeName = keyof typeof probes;
export const probeNames = Object.keys(probes) as readonly ProbeName[];

export interface ProbeFinding extends Finding {
  readonly probe: ProbeName;
  readonly outcome: ProbeOutcome;
}

/** Of a trial that has them, in report order; those of another version that nobody knows any more are left out. */
export const findingsOf = ({ findings = [] }: Pick<Trial, "findings">): ProbeFinding[] =>
  probeNames.flatMap((probe) => {
    const found = findings.find((finding) => finding.probe === probe);
    return found === undefined ? [] : [{ ...found, probe } as ProbeFinding];
  });

const isRefused = ({ outcome }: Finding): boolean =>
  outcome === "refused-by-protocol" || outcome === "refused-by-server";
const isAccepted = ({ outcome }: Finding): boolean => outcome === "accepted";

/** What findings are as numbers: of each probe that was put whether it was refused, and how many were. */
export function findingMeasures(findings: readonly Finding[]): Measures {
  const each = findingsOf({ findings: [...findings] }).flatMap((finding): [MetricName, number][] =>
    isRefused(finding) || isAccepted(finding) ? [[probes[finding.probe].metric, isRefused(finding) ? 1 : 0]] : [],
  );
  return {
    ...(Object.fromEntries(each) as Measures),
    refusedProbes: findings.filter(isRefused).length,
    protocolRefusedProbes: findings.filter(({ outcome }) => outcome === "refused-by-protocol").length,
    acceptedProbes: findings.filter(isAccepted).length,
  };
}
