/** A taught sentence and what the results say of it. */
import { z } from "zod";
import { interval } from "./interval.ts";

/** `holds-when`: under a condition that the results show. `not-a-measurement`: no number could decide it. */
export const claimVerdicts = ["holds", "holds-when", "does-not-hold", "not-a-measurement", "not-measured"] as const;

const evidence = z.object({
  what: z.string().describe("The cell, or the part of it, in words."),
  scenario: z.string(),
  target: z.string(),
  variant: z.string().optional(),
  metric: z.string(),
  over: z.string().optional().describe("Of a ratio, taken trial by trial: what it is over. Absent: the metric itself."),
  ...interval.shape,
});

const instead = z
  .object({
    kind: z.enum(["fact", "opinion"]),
    says: z.string().describe("What can be said of the statement, and what of it was measured nearby."),
    sources: z.array(z.string()).describe("Where a fact is written; of an opinion empty."),
  })
  .describe("What a statement is that no measurement can decide.");

export const claim = z.object({
  id: z.string(),
  statement: z.string().describe("As it is taught."),
  verdict: z.enum(claimVerdicts),
  when: z.string().optional().describe("Of `holds-when`: the condition, with the numbers that show it."),
  instead: instead.optional().describe("Of `not-a-measurement`."),
  inShort: z.string().optional().describe("The number that decides, in a few words."),
  cause: z.string().optional().describe("What the numbers show of why, beside the verdict."),
  because: z.string().optional().describe("Of `not-measured`: what is missing, or why what was measured cannot tell."),
  evidence: z.array(evidence).describe("Every number the rule looked at, with its interval."),
  flipsAt: z.string().describe("What measurement would turn the verdict."),
  command: z.string().describe("Measures what decides."),
});

export type ClaimVerdict = (typeof claimVerdicts)[number];
export type Instead = z.infer<typeof instead>;
export type Evidence = z.infer<typeof evidence>;
export type DecidedClaim = z.infer<typeof claim>;
