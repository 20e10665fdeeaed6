/** What a connection waits for before it is of use, step by step, as the specifications have it. */
import type { OptionTrait } from "../../../protocol/contract.ts";
import { browserHeaders } from "../../../protocol/options/browser-headers.ts";
import { close, closesConnections } from "../../../protocol/options/close.ts";
import { deflate } from "../../../protocol/options/deflate.ts";
import { h2, speaksHttp2 } from "../../../protocol/options/h2.ts";
import { plainLogin } from "../../../protocol/options/plain-login.ts";
import { pollInterval } from "../../../protocol/options/poll-interval.ts";
import { retry } from "../../../protocol/options/retry.ts";
import { scramIterations } from "../../../protocol/options/scram-iterations.ts";
import { tls, tlsMode } from "../../../protocol/options/tls.ts";
import { type Target, traitsOf } from "../../targets/target.ts";

/** Something that waits for the other side, with what says so. */
export type Step = readonly [roundTrips: number, what: string];

/** Options with which the same messages are framed alike, and what carries them can be read from outside. */
const framedAlike = [tls, plainLogin, scramIterations, pollInterval, retry, browserHeaders];
/** Those of which the round trips are known. */
const counted = [...framedAlike, close, h2, deflate];

const hasOnly = ({ options }: Target, known: readonly OptionTrait[]): boolean =>
  Object.keys(options).every((name) => known.some((option) => option.name === name));

/** Whether nothing changes the target's wire but TLS. */
export const isPlainlySpoken = (target: Target): boolean => hasOnly(target, framedAlike);

/** Whether `firstEchoSteps` knows all that the target was asked to do. */
export const isCounted = (target: Target): boolean => hasOnly(target, counted);

export const tlsStep = "TLS 1.3";

/** What comes between the TCP handshake and the first message, with this mechanism where there is a login. */
export function openingSteps(target: Target, mechanism: string | undefined): readonly Step[] {
  const { schemes, mechanisms, uplink } = traitsOf(target);
  const beginsAs = (scheme: string): boolean => schemes.includes(scheme);
  const mode = tlsMode(target.options);
  const steps: readonly Step[] = [
    ...(beginsAs("ws:") ? ([[1, "upgrade"]] as const) : []),
    ...(mechanisms === undefined
      ? uplink === "request"
        ? ([[1, "request"]] as const)
        : []
      : ([
          [1, "stream"],
          [mechanism === "PLAIN" ? 1 : 2, mechanism ?? "SASL"],
          [1, "stream again"],
          [1, "resource"],
        ] as const)),
  ];
  const handshakes = handshakesOf(target, steps);
  return [
    ...(mode === "starttls" ? ([[2, "stream and STARTTLS"]] as const) : []),
    ...(handshakes === 0 ? [] : ([[handshakes, tlsStep]] as const)),
    ...steps,
  ];
}

/** Of TLS: one, or one for every request. */
function handshakesOf({ options }: Target, steps: readonly Step[]): number {
  if (tlsMode(options) === undefined) return 0;
  return closesConnections(options) ? countRoundTrips(steps) : 1;
}

/** A message and its echo, of a user who is there. */
export const exchangeSteps = (target: Target): readonly Step[] =>
  traitsOf(target).downlink === "polled" && !speaksHttp2(target.options)
    ? [
        [1, "message"],
        [1, "poll"],
      ]
    : [[1, "message and echo"]];

/** From nothing to the echo of a user's first message. With XEP-0305's count: 6 to log in over TCP, and the message. */
export function firstEchoSteps(target: Target): readonly Step[] {
  const { options } = target;
  const { uplink, downlink, mechanisms } = traitsOf(target);
  const opening = openingSteps(target, mechanisms?.[0]);
  const exchange = exchangeSteps(target);
  const connections = (count: number, whose: string): readonly Step[] => [
    [count, `TCP${whose}`],
    ...(tlsMode(options) === undefined ? [] : ([[count, `${tlsStep}${whose}`]] as const)),
  ];
  if (uplink === "request" && closesConnections(options)) {
    const requests = [...opening.filter(([, what]) => what !== tlsStep), ...exchange];
    return [...connections(countRoundTrips(requests), " of a connection for each request"), ...requests];
  }
  // Where it is no response, what comes down occupies one connection, so what goes up needs another, unless both are streams of HTTP/2: in a login
  // already, while a key is derived.
  const occupiesOne = downlink === "stream" || downlink === "held-request";
  const needsSecond = uplink === "request" && occupiesOne && !speaksHttp2(options);
  return [[1, "TCP"], ...opening, ...(needsSecond ? connections(1, " of a second connection") : []), ...exchange];
}

/** The same of a user who comes as a stream of a connection that is open: no handshake of TCP or TLS. */
export const firstEchoStepsOnStream = (target: Target): readonly Step[] => [
  ...openingSteps(target, traitsOf(target).mechanisms?.[0]).filter(([, what]) => what !== tlsStep),
  ...exchangeSteps(target),
];

export const countRoundTrips = (steps: readonly Step[]): number => steps.reduce((sum, [count]) => sum + count, 0);

/** `1 TCP + 1 upgrade`. */
export const inWords = (steps: readonly Step[]): string => steps.map(([count, what]) => `${count} ${what}`).join(" + ");
