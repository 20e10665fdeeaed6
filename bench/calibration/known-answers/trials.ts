/** The trials of known answers: which windows each has, and what must be seen in them. */
import type { ClientKind } from "../../../protocol/contract.ts";
import { clientKindOf, protocolNamed, protocols } from "../../targets/protocols.ts";
import type { Check } from "./check.ts";
import { checkBytes, checkOneWay, checkRoundTrips } from "./checks.ts";
import { checkCpu, checkMemory } from "./cost.ts";
import { type Attempt, type KnownWindow, measuredOf, observe, shape, type WindowSeen } from "./observe.ts";

/** Something `verify` does to know one thing about the harness, in processes of its own. */
export interface KnownAnswerTrial {
  readonly name: string;
  /** By name, in the order they run. */
  readonly windows: readonly string[];
  /** What some of its windows proved, by the window's name. */
  run(attempt: Attempt, only: ReadonlySet<string>): Promise<Map<string, Check[]>>;
}

const ms = 1e6;
const ratePerSecond = 500;
const open = { roundTrip: { kind: "open", ratePerSecond } } as const;

/** The floor: what is tested is the harness, and the floor adds least of its own. */
export const floorName: string = protocols.find(({ server }) => server.traits.floor === true)!.server.traits.name;

const roundTripWindows: readonly KnownWindow[] = [
  { name: "closed loop", flows: { roundTrip: { kind: "closed", inFlight: 1 } }, durationMs: 800 },
  {
    name: "closed loop x 4, after 5 ms",
    flows: { roundTrip: { kind: "closed", inFlight: 4 } },
    durationMs: 1000,
    answer: { kind: "constant", delayNs: 5 * ms },
  },
  {
    name: "closed loop, freeze of 0.5 s",
    flows: { roundTrip: { kind: "closed", inFlight: 1 } },
    durationMs: 800,
    answer: { kind: "freeze", afterNs: 200 * ms, lengthNs: 500 * ms },
  },
  // So many messages that one in ten thousand is one.
  { name: "open loop, 8,000/s", flows: { roundTrip: { kind: "open", ratePerSecond: 8000 } }, durationMs: 1500 },
  { name: "open loop", flows: open, durationMs: 800 },
  {
    name: "open loop, exponential, mean 30 ms",
    flows: open,
    durationMs: 1000,
    answer: { kind: "exponential", meanNs: 30 * ms, seed: 1 },
  },
  {
    name: "open loop, freeze of 0.5 s",
    flows: open,
    durationMs: 1000,
    answer: { kind: "freeze", afterNs: 200 * ms, lengthNs: 500 * ms },
  },
  { name: "drops", flows: open, durationMs: 400, answer: { kind: "drop", every: 20, at: 7 } },
  { name: "duplicates", flows: open, durationMs: 400, answer: { kind: "duplicate", every: 15, at: 3 } },
  { name: "reorders", flows: open, durationMs: 400, answer: { kind: "reorder", every: 12, at: 5 } },
];

const chosen = (plans: readonly KnownWindow[], only: ReadonlySet<string>): KnownWindow[] =>
  plans.filter(({ name }) => only.has(name));
const namesOf = (plans: readonly KnownWindow[]): string[] => plans.map(({ name }) => name);

const byName = (seen: readonly WindowSeen[], check: (window: WindowSeen) => Check[]): Map<string, Check[]> =>
  new Map(seen.map((window) => [window.plan.name, check(window)]));

const roundTrips = (client: ClientKind, windows: readonly KnownWindow[]): KnownAnswerTrial => ({
  name: `round trips, ${client} client`,
  windows: namesOf(windows),
  async run(attempt, only) {
    const seen = await observe({ ...attempt, behaviour: "known-answer", client, windows: chosen(windows, only) });
    return byName(seen, (window) =>
      checkRoundTrips({
        ...window,
        name: window.plan.name,
        load: window.plan.flows.roundTrip!,
        answer: window.plan.answer,
        connections: shape.connections,
        imposed: window.server.imposed,
        ...measuredOf(window, "roundTrip"),
      }),
    );
  },
});

/** Not the same in both directions, and a message is there when its last byte is: downwards it comes in four pieces. */
const impairments = {
  up: { holdMs: 8, pieces: 1, pauseMs: 0 },
  down: { holdMs: 20, pieces: 4, pauseMs: 1 },
} as const;

const oneWay = { kind: "open", ratePerSecond: 300 } as const;
const duplexWindows: readonly KnownWindow[] = [
  { name: "duplex", flows: { uplink: oneWay, downlink: oneWay }, durationMs: 1000 },
];

const duplex = (client: ClientKind): KnownAnswerTrial => ({
  name: "one way, held up for 8 ms and down for 23 ms",
  windows: namesOf(duplexWindows),
  async run(attempt, only) {
    const plans = chosen(duplexWindows, only);
    const seen = await observe({ ...attempt, behaviour: "one-way", client, windows: plans, impairments });
    return byName(seen, (window) => {
      const { sentBytes, receivedBytes } = measuredOf(window, "uplink");
      const direction = (flow: "uplink" | "downlink", crossed: "up" | "down"): Check[] =>
        checkOneWay({
          ...window,
          name: `${window.plan.name}, ${flow}`,
          load: oneWay,
          flow: measuredOf(window, flow).flow,
          crossed: window.wire[crossed],
        });
      return [
        ...(window.quietAtEnds
          ? [checkBytes({ name: window.plan.name, wire: window.wire, sentBytes, receivedBytes })]
          : []),
        ...direction("uplink", "up"),
        ...direction("downlink", "down"),
      ];
    });
  },
});

const costs: Readonly<Record<string, (attempt: Attempt) => Promise<Check[]>>> = { cpu: checkCpu, memory: checkMemory };

const cost: KnownAnswerTrial = {
  name: "cost of a server",
  windows: Object.keys(costs),
  async run(attempt, only) {
    const checks = new Map<string, Check[]>();
    for (const [name, check] of Object.entries(costs)) {
      if (only.has(name)) checks.set(name, await check(attempt));
    }
    return checks;
  },
};

/** What users run, beside the client that load is generated with: in a closed and in an open loop. */
const libraryWindows = roundTripWindows
  .filter(({ answer }) => answer === undefined)
  .map((window) => ({ ...window, name: `library client, ${window.name}` }));

/** In the order they run. */
export function knownAnswerTrials(protocol: string): readonly KnownAnswerTrial[] {
  const client = clientKindOf(protocolNamed(protocol), "lean");
  const library = client === "library" ? [] : [roundTrips("library", libraryWindows)];
  return [roundTrips(client, roundTripWindows), ...library, duplex(client), cost];
}
