/** What users who share a connection, or do not, are expected to wait for. */
import type { Seating } from "../../rigs/roles/multiplex.ts";
import { type Target, traitsOf } from "../../targets/target.ts";
import {
  countRoundTrips,
  exchangeSteps,
  firstEchoSteps,
  firstEchoStepsOnStream,
  inWords,
  isCounted,
  type Step,
  tlsStep,
} from "../comparison/opening-steps.ts";
import { type CellPlan, exactly } from "../contract/experiment.ts";

/** Of a round trip, that a machine with more to do may add to the quickest user: still told from one round trip more. */
const lateShare = 0.9;

/** What a new user waits for, once others are there. */
function newUserSteps(target: Target, seating: Seating): readonly Step[] {
  if (seating === "tagged") return exchangeSteps(target);
  if (!isCounted(target)) return [[1, "TCP, and whatever else"], ...exchangeSteps(target)];
  return seating === "streams" ? firstEchoStepsOnStream(target) : firstEchoSteps(target);
}

/** What keeps users apart where one of them does not read. */
const hasFlowControl: Readonly<Record<Seating, string>> = {
  own: "a user who does not read holds up nobody else: TCP has a window for each connection",
  tagged:
    "a user who does not read holds up everybody on the connection: TCP has one window for all, and messages have none",
  streams: "a user who does not read holds up nobody else: HTTP/2 has a window for each stream (RFC 9113 section 5.2)",
};

export interface SharingUsers {
  readonly users: number;
  /** Between two messages, whoever sends them. */
  readonly gapMs: number;
  readonly rttMs: number;
  readonly stallMs: number;
}

export function expectedOfUsers(
  target: Target,
  seating: Seating,
  { users, gapMs, rttMs, stallMs }: SharingUsers,
): CellPlan["expectations"] {
  const steps = newUserSteps(target, seating);
  const count = countRoundTrips(steps);
  // A poll falls anywhere in its interval, a request may wait for the one before it, and keys are computed, not waited for.
  const isTimed = traitsOf(target).downlink !== "stream" || steps.some(([, what]) => what.startsWith(tlsStep));
  const isOwn = seating === "own";
  const newUser: CellPlan["expectations"][number] = {
    statement: `a new user waits for what nobody has done for it: ${inWords(steps)}`,
    formula: `${inWords(steps)} = ${count} round trips${isTimed ? " or more" : `, at most ${lateShare} more`}`,
    metric: "newUserRoundTrips",
    expected: {
      low: count,
      ...(!isTimed && isCounted(target) && { high: count + lateShare }),
    },
  };
  return [
    newUser,
    {
      statement: "no echo is sooner than the distance allows, whoever shares the connection",
      formula: `${rttMs} ms or more`,
      metric: "userDelayP50Us",
      expected: { low: rttMs * 1000 },
    },
    {
      statement: isOwn
        ? "a stall holds up the user whose connection it is, and nobody else"
        : "a stall of the connection holds up everybody on it: TCP delivers in order, whatever is multiplexed above",
      formula: isOwn ? "1 user" : `all ${users} users`,
      metric: "heldUpUsers",
      expected: exactly(isOwn ? 1 : users),
    },
    {
      statement: hasFlowControl[seating],
      formula: seating === "tagged" ? `all ${users} users` : "1 user",
      metric: "heldUpByPauseUsers",
      expected: exactly(seating === "tagged" ? users : 1),
    },
    ...(isOwn
      ? []
      : ([
          {
            statement: "the unluckiest of the others waits for nearly all of the stall",
            formula: `${stallMs} ms - ${2 * gapMs} ms until the next two messages are due`,
            metric: "besideStallMaxUs",
            expected: { low: (stallMs - 2 * gapMs) * 1000 },
          },
        ] as const)),
    {
      statement: "nothing is lost: what waited comes late",
      formula: "sent - received = 0",
      metric: "censoredMessages",
      expected: exactly(0),
    },
  ];
}
