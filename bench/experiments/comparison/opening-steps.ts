/** What a connection waits for before it is of use, step by step, as the specifications have it. */
import { browserHeaders } from "../../../protocol/options/browser-headers.ts";
import { closesConnections } from "../../../protocol/options/close.ts";
import { plainLogin } from "../../../protocol/options/plain-login.ts";
import { pollInterval } from "../../../protocol/options/poll-interval.ts";
import { scramIterations } from "../../../protocol/options/scram-iterations.ts";
import { tls, tlsMode } from "../../../protocol/options/tls.ts";
import { type Target, traitsOf } from "../../targets/target.ts";

/** Something that waits for the other side, with what says so. */
export type Step = readonly [roundTrips: number, what: string];

/** Options with which the same requests, frames and stanzas are sent over connections that are made alike. */
const withoutEffect: readonly string[] = [tls, plainLogin, scramIterations, pollInterval, browserHeaders].map(
  ({ name }) => name,
);

/** Whether what is counted here is known of the target: nothing changes its wire but TLS. */
export const isPlainlySpoken = ({ options }: Target): boolean =>
  Object.keys(options).every((name) => withoutEffect.includes(name));

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

/** From nothing to the echo of a user's first message. With XEP-0305's count: 6 to log in over TCP, and the message. */
export function firstEchoSteps(target: Target): readonly Step[] {
  const { uplink, downlink, mechanisms } = traitsOf(target);
  const connection: readonly Step[] = [
    [1, "TCP"],
    ...(tlsMode(target.options) === undefined ? [] : ([[1, tlsStep]] as const)),
  ];
  // What comes down occupies one connection, so what goes up needs another: in a login already, while a key is derived.
  const needsSecond = uplink === "request" && downlink !== "polled";
  return [
    [1, "TCP"],
    ...openingSteps(target, mechanisms?.[0]),
    ...(needsSecond ? connection.map(([count, what]): Step => [count, `${what} of a second connection`]) : []),
    ...(downlink === "polled" ? ([[1, "message"]] as const) : []),
    [1, downlink === "polled" ? "poll" : "message and echo"],
  ];
}

export const countRoundTrips = (steps: readonly Step[]): number => steps.reduce((sum, [count]) => sum + count, 0);

/** `1 TCP + 1 upgrade`. */
export const inWords = (steps: readonly Step[]): string => steps.map(([count, what]) => `${count} ${what}`).join(" + ");
