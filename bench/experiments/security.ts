import { nowNs } from "../../protocol/clock.ts";
import { defaultLimits, type Limits } from "../../protocol/contract.ts";
import { speaksHttp2 } from "../../protocol/options/h2.ts";
import { tlsMode } from "../../protocol/options/tls.ts";
import type { Window } from "../../results/contract/results.ts";
import { findingMeasures, type ProbeName, probeNames, probes } from "../../results/recording/findings.ts";
import type { RigContext } from "../rigs/rig.ts";
import { security as role, type SecurityOrder } from "../rigs/roles/security.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import { protocols } from "../targets/protocols.ts";
import { embeddedTarget, type Target, traitsOf } from "../targets/target.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface SecurityCell extends CellPlan {
  /** Of our own server: low, so that nobody waits for long to see them kept. */
  readonly limits: Limits;
}

const limits: Limits = { ...defaultLimits, payloadBytesMax: 64 * 1024, handshakeMs: 2000, connectionsMax: 32 };
/** All probes of a server whose every answer is late. */
const probesWaitMs = 300_000;
const codec = { kind: "text", payloadBytes: 64, seed: 0 } as const;

/** What is not done to a server that somebody else runs. */
const harmful: readonly ProbeName[] = ["oversize", "slow-handshake", "flood"];

const leftOutOf = ({ system }: Target): SecurityOrder["leftOut"] =>
  system.kind === "external"
    ? Object.fromEntries(harmful.map((probe) => [probe, "a server that somebody else runs is not attacked"]))
    : {};

type Prediction = CellPlan["expectations"][number];

const refuses = (probe: ProbeName, formula: string): Prediction => ({
  statement: `refuses: ${probes[probe].title}`,
  formula,
  metric: probes[probe].metric,
  expected: exactly(1),
});
const letsThrough = (probe: ProbeName, formula: string): Prediction => ({
  statement: `lets through: ${probes[probe].title}`,
  formula,
  metric: probes[probe].metric,
  expected: exactly(0),
});

/** What a login brings by its specification, whoever wrote the server. */
const byLogin: readonly Prediction[] = [
  refuses("wrong-password", "RFC 6120 section 6.5.10: not-authorized"),
  refuses("early-message", "RFC 6120 section 4.9.3.12: not-authorized"),
  refuses("forged-sender", "RFC 6120 section 8.1.2.1: the server puts the sender's address in"),
  refuses("replayed-login", "RFC 5802 section 9: the server's nonce is new in every login"),
  refuses("hostile-framing", "RFC 6120 section 11.1: no DTD, no entities of one's own"),
];

/** What a wire without a login has nothing against. */
const withoutLogin: readonly Prediction[] = [
  letsThrough("early-message", "the specification knows no login"),
  letsThrough("forged-sender", "the specification knows no sender"),
  refuses("hostile-framing", "the specification says which bytes there may be"),
];

/** Limits that our own server keeps, whatever the protocol. */
const byLimits: readonly Prediction[] = [
  refuses("oversize", `payloadBytesMax = ${limits.payloadBytesMax}`),
  refuses("flood", `connectionsMax = ${limits.connectionsMax}`),
];

/** Fixed by what the target says of itself. */
function expectationsFor(target: Target): readonly Prediction[] {
  const { mechanisms, schemes } = traitsOf(target);
  const hasLogin = mechanisms !== undefined;
  const isOurs = target.system.kind === "embedded";
  const mode = tlsMode(target.options);
  const beginsAs = (scheme: string): boolean => schemes.includes(scheme);
  const isHttp = beginsAs("ws:") || beginsAs("http:");
  return [
    ...(hasLogin ? byLogin : withoutLogin),
    ...(isHttp && !hasLogin && isOurs
      ? [letsThrough("wrong-password", "RFC 9110 section 11: credentials nobody asked for are not looked at")]
      : []),
    ...(mode !== undefined
      ? [refuses("false-server", "RFC 8446 section 4.4.2: the client checks the certificate")]
      : hasLogin && isOurs
        ? [refuses("false-server", "RFC 5802 section 3: the server proves that it knows the password")]
        : hasLogin
          ? []
          : [letsThrough("false-server", "the specification proves nothing of the server")]),
    ...(mode !== undefined && isOurs ? [refuses("plaintext", "TLS was asked for: nothing goes without")] : []),
    ...(mode === "starttls" && isOurs
      ? [refuses("stripped-tls", "the server offers no login before TLS, so there is none to be had without")]
      : []),
    ...(isOurs ? byLimits : []),
    ...(isOurs && (isHttp || hasLogin) ? [refuses("slow-handshake", `handshakeMs = ${limits.handshakeMs}`)] : []),
    ...(isOurs && beginsAs("ws:")
      ? [letsThrough("cross-origin", "RFC 6455 section 10.2: the server may look at Origin; it need not")]
      : []),
    ...(isOurs && beginsAs("http:")
      ? [refuses("cross-origin", "Fetch Standard section 3.2: no permission, no answer for the page")]
      : []),
  ];
}

const cells = ({ targets }: RunRequest): SecurityCell[] =>
  targets.map((target) => ({
    target,
    limits,
    parameters: {
      connections: 1,
      payloadBytes: codec.payloadBytes,
      client: "library",
      settings:
        target.system.kind === "embedded"
          ? {
              payloadBytesMax: limits.payloadBytesMax,
              handshakeMs: limits.handshakeMs,
              connectionsMax: limits.connectionsMax,
            }
          : {},
    },
    expectations: expectationsFor(target),
    // What a server refuses, chance does not decide.
    trialsMax: 1,
  }));

const open = ({ target, limits }: SecurityCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open({ target, behaviour: { name: "echo" }, codec, limits }, context);

async function* measure(rig: SystemRig, { target, limits }: SecurityCell): AsyncGenerator<Window, Outcome> {
  const { mechanisms, downlink } = traitsOf(target);
  const startNs = rig.startClock();
  const order: SecurityOrder = {
    url: rig.system.url,
    protocol: target.protocol,
    options: target.options,
    downlink,
    hasLogin: mechanisms !== undefined,
    leftOut: leftOutOf(target),
    ...(target.system.kind === "embedded" && { limits }),
  };
  const findings = await rig.play(role, order, probesWaitMs);
  const durationMs = (nowNs() - startNs) / 1e6;
  yield { name: "probes", startMs: 0, durationMs, measures: { probes: findings.length }, histograms: {} };
  return { measures: findingMeasures(findings), findings: [...findings] };
}

/** The same probes on every protocol: what it answers by itself, and what an application would have to build. */
export const security: Experiment<SecurityCell, SystemRig> = {
  name: "security",
  group: "security",
  title: "Security",
  question: "What does each protocol refuse by itself, and what must an application build?",
  lesson:
    "A login, a sender who is who he says, and a server that proves itself are part of XMPP; on WebSocket, SSE and polling an application builds them, and its limits in both cases.",
  presets: ["full"],
  follows: [],
  metrics: [
    ...probeNames.map((probe) => probes[probe].metric),
    "refusedProbes",
    "protocolRefusedProbes",
    "acceptedProbes",
  ],
  isolation: "exclusive",
  cells,
  unfit: ({ target }) => (speaksHttp2(target.options) ? "its probes speak HTTP/1.1" : undefined),
  open,
  measure,
  trafficMs: () => 10_000,
  /** A server that takes messages from anybody, held to what a login promises. */
  sabotage(request) {
    const named = (hasLogin: boolean): string =>
      protocols.find(({ server }) => (server.traits.mechanisms !== undefined) === hasLogin)!.server.traits.name;
    const [cell] = cells({ ...request, targets: [embeddedTarget(named(false))] });
    return { cell: { ...cell!, expectations: byLogin }, fails: "earlyMessageRefusals" };
  },
};
