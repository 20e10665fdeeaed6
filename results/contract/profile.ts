/** An application as traffic. */
import { z } from "zod";
import { provisions } from "../../protocol/provisions.ts";

/** What a target costs an application, and its users; less is better in each. */
export const criteria = ["delay", "tail", "bytes", "cpu", "memory", "build"] as const;
export type Criterion = (typeof criteria)[number];

export const directions = ["up", "down"] as const;
export type Direction = (typeof directions)[number];

const flow = z.object({
  perUserSecond: z.number().positive().describe("Messages of one user, while active."),
  sizes: z
    .array(z.object({ bytes: z.number().int().positive(), share: z.number().positive() }))
    .min(1)
    .describe("Payloads, and the share of messages that have them."),
});

export const profile = z
  .object({
    title: z.string(),
    users: z.number().int().positive().describe("Connected at once."),
    up: flow.optional().describe("What a user sends. Absent: nothing."),
    down: flow.optional().describe("What a user receives. Absent: nothing."),
    fanOut: z.number().int().positive().describe("Users to whom the server sends the same update at once."),
    sessionMs: z.number().positive().describe("How long a user stays connected."),
    idleShare: z.number().min(0).lt(1).describe("Share of a session in which nothing is sent either way."),
    feels: z.enum(directions).describe("The direction whose delay the user feels."),
    needs: z.array(z.enum(provisions)).describe("What an application needs, whoever brings it."),
    weights: z.record(z.enum(criteria), z.number().nonnegative()).describe("How much each cost counts."),
  })
  .describe("The application whose traffic was measured, scaled down to fewer users.");

export type Profile = z.infer<typeof profile>;
export type Flow = z.infer<typeof flow>;
export type Weights = Profile["weights"];
