import { seededRandom } from "../../protocol/random.ts";
import type { WindowOrder } from "../flows/window.ts";
import type { AnswerPlan } from "./known-answer.ts";

/** A behaviour whose truth can be computed. Delays in nanoseconds, each drawn per message from the seed alone. */
export type KnownAnswer =
  | { kind: "constant"; delayNs: number }
  | { kind: "exponential"; meanNs: number; seed: number }
  | { kind: "bimodal"; fastNs: number; slowNs: number; slowShare: number; seed: number }
  /** Answers stop `afterNs` after the window's start, and all that were due leave `lengthNs` later. */
  | { kind: "freeze"; afterNs: number; lengthNs: number }
  /** Happens to every message of a connection whose sequence number leaves the rest `at` when divided by `every`. */
  | { kind: "drop" | "duplicate" | "reorder"; every: number; at: number };

/** Window names and what the server does in them. Data only: it crosses process borders. */
export type AnswerScript = Readonly<Record<string, KnownAnswer>>;

/** What a known-answer server is given: the plan of each window the script names. */
export const answerPlans =
  (script: AnswerScript): ((window: WindowOrder) => AnswerPlan | undefined) =>
  (window) => {
    const answer = script[window.name];
    return answer && planOf(answer, window);
  };

/** Whether it happens to the message with this number. */
export const isChosen = ({ every, at }: { every: number; at: number }, sequence: number): boolean =>
  sequence % every === at;

const immediate: AnswerPlan = { delayNs: () => 0, copies: () => 1, overtaken: () => false };

function planOf(answer: KnownAnswer, window: WindowOrder): AnswerPlan {
  switch (answer.kind) {
    case "constant":
      return { ...immediate, delayNs: () => answer.delayNs };
    case "exponential":
      return {
        ...immediate,
        delayNs: (sequence, connection) => -answer.meanNs * Math.log(1 - draw(answer.seed, connection, sequence)),
      };
    case "bimodal":
      return {
        ...immediate,
        delayNs: (sequence, connection) =>
          draw(answer.seed, connection, sequence) < answer.slowShare ? answer.slowNs : answer.fastNs,
      };
    case "freeze": {
      const fromNs = window.startNs + answer.afterNs;
      const untilNs = fromNs + answer.lengthNs;
      const frozen = (atNs: number): boolean => atNs >= fromNs && atNs < untilNs;
      return { ...immediate, delayNs: (_sequence, _connection, atNs) => (frozen(atNs) ? untilNs - atNs : 0) };
    }
    case "drop":
      return { ...immediate, copies: (sequence) => (isChosen(answer, sequence) ? 0 : 1) };
    case "duplicate":
      return { ...immediate, copies: (sequence) => (isChosen(answer, sequence) ? 2 : 1) };
    case "reorder":
      return { ...immediate, overtaken: (sequence) => isChosen(answer, sequence) };
  }
}

/** Uniform in [0, 1), the same for the same message whatever came before it. */
const draw = (seed: number, connection: number, sequence: number): number =>
  seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(connection + 1, 0x85ebca6b) ^ Math.imul(sequence, 0xc2b2ae35))();
