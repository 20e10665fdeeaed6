/** What a target does with a peer that means no good, as it was seen. */
import { z } from "zod";

/**
 * `refused-by-protocol`: its specification demands the refusal. `refused-by-server`: this server refuses it, another may
 * not. `accepted`: it let it happen, so an application must build the refusal. `not-applicable`: there is nothing to attack.
 * `left-out`: it was not tried, or not long enough to tell.
 */
export const findingOutcomes = [
  "refused-by-protocol",
  "refused-by-server",
  "accepted",
  "not-applicable",
  "left-out",
] as const;

export const finding = z.object({
  probe: z.string().describe("What was tried, e.g. `wrong-password`."),
  outcome: z
    .enum(findingOutcomes)
    .describe(
      "Refused as the specification demands, refused by this server, accepted (an application must build the refusal), nothing to attack, or not tried.",
    ),
  evidence: z.string().describe("The real answer, or why there is none. Without secrets."),
});

export type FindingOutcome = (typeof findingOutcomes)[number];
export type Finding = z.infer<typeof finding>;
