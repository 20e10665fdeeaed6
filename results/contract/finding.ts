/** What a target does with a peer that means no good, and what a way to it does with what it carries, as it was seen. */
import { z } from "zod";

/**
 * `refused-by-protocol`: its specification demands the refusal. `refused-by-server`: this server refuses it, another may
 * not. `accepted`: it let it happen, so an application must build the refusal. `not-applicable`: there is nothing to attack.
 * `left-out`: it was not tried, or not long enough to tell.
 */
const probeOutcomes = ["refused-by-protocol", "refused-by-server", "accepted", "not-applicable", "left-out"] as const;
/** Of a way: it does what is asked of it, it does not, or it would not without this setting. */
const wayOutcomes = ["works", "breaks", "needed"] as const;

export const findingOutcomes = [...probeOutcomes, ...wayOutcomes] as const;

export const finding = z.object({
  probe: z.string().describe("What was tried, e.g. `wrong-password`."),
  outcome: z
    .enum(findingOutcomes)
    .describe(
      "Of a probe: refused as the specification demands, refused by this server, accepted (an application must build the refusal), nothing to attack, or not tried. Of a way through a proxy: it works, it breaks, or it needs this setting.",
    ),
  evidence: z.string().describe("The real answer, or why there is none. Without secrets."),
});

export type ProbeOutcome = (typeof probeOutcomes)[number];
export type FindingOutcome = (typeof findingOutcomes)[number];
export type Finding = z.infer<typeof finding>;
