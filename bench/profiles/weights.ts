/** How much each cost of a target counts in a decision. */
import { WirebenchError } from "../../protocol/errors.ts";
import { named } from "../../protocol/suggestion.ts";
import { criteria, type Weights } from "../../results/contract/profile.ts";

/** What a user feels counts as much as what it costs to serve one. */
export const defaultWeights: Weights = { delay: 2, tail: 1, bytes: 1, cpu: 1, memory: 1, build: 1 };

/** One weight; throws `usage` for a cost that there is not, and for what is no number from 0 to 100. */
export function parseWeight(name: string, text: string): number {
  named("weight", name, criteria, String);
  const weight = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (weight <= 100) return weight;
  throw new WirebenchError("usage", `expected a weight of ${name} from 0 to 100, got "${text}"`);
}

/** `delay=3,bytes=1`: those that are named; the others stay as they are. Throws `usage`. */
export function parseWeights(text: string): Partial<Weights> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [, name, value] = /^\s*([a-z]+)=(\S+)\s*$/.exec(part) ?? [];
      if (name !== undefined) return [name, parseWeight(name, value!)];
      throw new WirebenchError(
        "usage",
        `expected weights like delay=3,bytes=1 (${criteria.join(", ")}), got "${part}"`,
      );
    }),
  );
}

/** Throws `usage` where nothing counts. */
export function checkWeights(weights: Weights): void {
  if (Object.values(weights).some((weight) => weight > 0)) return;
  throw new WirebenchError("usage", "expected at least one weight above 0, got none");
}
