/** The trials of known answers: which windows each has, and which checks follow from them. */

import type { KnownAnswer } from "../../../load/behaviours/answer-script.ts";
import { RemoteProcess } from "../../rigs/processes/remote.ts";
import { protocols } from "../../targets/protocols.ts";
import type { Target } from "../../targets/target.ts";
import {
  type Check,
  checkCounts,
  checkDelays,
  checkFreezeInClosedLoop,
  checkLittle,
  checkPunctuality,
} from "./checks.ts";
import type { DripApi } from "./drip-server.ts";
import { type KnownWindow, type ObservedWindow, observe, type TrialOrder, trialShape } from "./trial.ts";

type Attempt = Pick<TrialOrder, "target" | "seed" | "signal">;

/** Something `verify` does to know one thing about the harness, in processes of its own. */
export interface KnownAnswerTrial {
  readonly name: string;
  /** How many trials must pass before a check counts as passed. */
  readonly passes: number;
  run(attempt: Attempt): Promise<Check[]>;
}

const ms = 1e6;
const ratePerSecond = 500;
const open = { kind: "open", ratePerSecond } as const;
const { connections } = trialShape;

/** The floor: what is tested is the harness, and the floor adds least of its own. */
export const floorName: string = protocols.find(({ server }) => server.traits.floor === true)!.server.traits.name;

const all = (windows: Map<string, ObservedWindow>, ...names: string[]): ObservedWindow[] =>
  names.map((name) => windows.get(name)!);

/**
 * Delays much longer than a round trip, so that 1 % of them is more than the machine adds by chance; one short, whose
 * median is held to 50 microseconds. None is a multiple of the 2 ms between two messages, or of the 8 ms between two
 * of a connection: an answer would meet the next message each time. Weights keep p50, p90 and p99 off the step
 * between the two modes.
 */
const delays: Record<string, { answer: KnownAnswer; percentiles: number[] }> = {
  "constant 3 ms": { answer: { kind: "constant", delayNs: 3 * ms }, percentiles: [50] },
  "constant 51 ms": { answer: { kind: "constant", delayNs: 51 * ms }, percentiles: [50, 90, 99] },
  "exponential, mean 30 ms": {
    answer: { kind: "exponential", meanNs: 30 * ms, seed: 1 },
    percentiles: [50, 90, 99],
  },
  "bimodal, 11 or 101 ms": {
    answer: { kind: "bimodal", fastNs: 11 * ms, slowNs: 101 * ms, slowShare: 0.2, seed: 1 },
    percentiles: [50, 90, 99],
  },
};

const distributions: KnownAnswerTrial = {
  name: "delays drawn by the server",
  passes: 2,
  async run(attempt) {
    const durationMs = 1200;
    const references = ["1 ms", "1 ms, again"];
    const windows: KnownWindow[] = [
      { name: "no delay", load: open },
      ...references.map((name) => ({ name, load: open, answer: { kind: "constant", delayNs: 1 * ms } as const })),
      ...Object.entries(delays).map(([name, { answer }]) => ({ name, load: open, answer })),
    ];
    const observed = await observe({ ...attempt, windows, durationMs });
    const schedule = { ...trialShape, ratePerSecond, durationMs };
    return [
      checkCounts("no delay", observed.get("no delay")!, schedule),
      checkPunctuality("no delay", observed.get("no delay")!, [...observed.values()]),
      ...Object.entries(delays).flatMap(([name, { percentiles }]) =>
        checkDelays({ name, window: observed.get(name)!, references: all(observed, ...references), percentiles }),
      ),
    ];
  },
};

const freezeNs = 1000 * ms;

const freeze: KnownAnswerTrial = {
  name: "a freeze of 1 s",
  passes: 1,
  async run(attempt) {
    const durationMs = 1700;
    const answer = { kind: "freeze", afterNs: 300 * ms, lengthNs: freezeNs } as const;
    const closed = { kind: "closed", inFlight: 1 } as const;
    const windows: KnownWindow[] = [
      { name: "no freeze", load: open },
      { name: "freeze", load: open, answer },
      { name: "no freeze, closed loop", load: closed },
      { name: "freeze, closed loop", load: closed, answer },
      { name: "closed loop", load: { kind: "closed", inFlight: 16 } },
    ];
    const observed = await observe({ ...attempt, windows, durationMs });
    const [undelayed, frozen, unfrozenClosed, frozenClosed, busy] = all(observed, ...windows.map(({ name }) => name));
    return [
      ...checkDelays({
        name: "freeze of 1 s, open loop",
        window: frozen!,
        references: [undelayed!],
        percentiles: [99],
        histogram: "scheduled",
      }),
      ...checkFreezeInClosedLoop(frozenClosed!, unfrozenClosed!, freezeNs),
      checkLittle(busy!, 16 * connections, durationMs),
    ];
  },
};

const mishaps = {
  drops: { kind: "drop", every: 20, at: 7 },
  duplicates: { kind: "duplicate", every: 15, at: 3 },
  reorders: { kind: "reorder", every: 12, at: 5 },
} as const;

const counts: KnownAnswerTrial = {
  name: "drops, duplicates and reorders",
  passes: 1,
  async run(attempt) {
    const durationMs = 500;
    const windows = Object.entries(mishaps).map(([name, answer]) => ({ name, load: open, answer }));
    const observed = await observe({ ...attempt, windows, durationMs });
    const schedule = { ...trialShape, ratePerSecond, durationMs };
    return windows.map(({ name, answer }) => checkCounts(name, observed.get(name)!, schedule, answer));
  },
};

const startWaitMs = 20_000;

const drip: KnownAnswerTrial = {
  name: "answers that drip",
  passes: 1,
  async run(attempt) {
    const server = new RemoteProcess<DripApi>("dripping server", "../../calibration/known-answers/drip-server");
    try {
      const names = ["quickly", "slowly", "quickly, again"];
      const order = { pieces: 4, pausesNs: [0, 0.5 * ms, 1 * ms, 0.5 * ms] };
      const { port } = await server.call("listen", order, startWaitMs);
      const url = `tcp://127.0.0.1:${port}/`;
      const target: Target = { label: floorName, protocol: floorName, options: {}, system: { kind: "external", url } };
      const observed = await observe({
        ...attempt,
        target,
        // Seldom, so that the server is not busy with pieces all the time.
        windows: names.map((name) => ({ name, load: { kind: "open", ratePerSecond: 100 } })),
        durationMs: 1000,
        imposedElsewhere: async () => {
          const byNumber = await server.call("imposed", undefined, startWaitMs);
          return Object.fromEntries(names.map((name, index) => [name, byNumber[index + 1]!]));
        },
      });
      const [quickly, slowly, again] = all(observed, ...names);
      const references = [quickly!, again!];
      return checkDelays({ name: "answer in 4 pieces over 3 ms", window: slowly!, references, percentiles: [50] });
    } finally {
      await server.stop();
    }
  },
};

/** In the order they run. The dripping server speaks the floor's wire only. */
export const knownAnswerTrials = (protocol: string): readonly KnownAnswerTrial[] =>
  protocol === floorName ? [distributions, freeze, counts, drip] : [distributions, freeze, counts];
