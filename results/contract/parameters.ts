/** What was asked of a cell. */
import { z } from "zod";
import { link } from "./link.ts";
import { profile } from "./profile.ts";

const count = z.number().int().nonnegative();
const positive = z.number().positive();
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const load = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("open"),
    ratePerSecond: positive.describe("Offered rate over all connections, for each direction."),
    arrivals: z.enum(["constant", "poisson"]).optional().describe("Spacing of the schedule; absent means constant."),
  }),
  z.object({ kind: z.literal("closed"), inFlight: count.min(1).describe("Unanswered messages per connection.") }),
]);

export const parameters = z.object({
  connections: count.min(1).describe("Virtual users, one connection each."),
  payloadBytes: count,
  load: load.optional().describe("Absent where nobody sends."),
  workers: count.min(1).optional().describe("Load-generator processes that share the connections and the rate."),
  client: z
    .enum(["lean", "library"])
    .optional()
    .describe(
      "What the virtual users speak with: the library that users run, or a client with little on top of the socket, which batches what a closed loop sends. Absent: the library.",
    ),
  payloadKind: z.enum(["text", "binary"]).optional(),
  warmupMs: z.number().nonnegative().optional().describe("Unrecorded traffic before the first window of a trial."),
  rampUpMs: z
    .number()
    .nonnegative()
    .optional()
    .describe("Traffic of each window before it is timed, so that it is steady; it counts in the ledger."),
  durationMs: positive.optional().describe("Of each measured window, all its slices together."),
  slices: count
    .min(1)
    .optional()
    .describe(
      "In how many pieces each window was measured, in turn with those of other cells; a distant target's in one. Absent means one.",
    ),
  drainMs: positive.optional().describe("Longest wait for messages still on the way after a window."),
  link: link.optional().describe("Between users and server; absent: the host's loopback."),
  profile: profile.optional(),
  nodes: count.min(1).optional(),
  broker: z.string().optional(),
  policy: z.string().optional().describe("How the load balancer spreads connections."),
  settings: z.record(z.string(), scalar).describe("What else sets this cell apart, by name."),
});

export type Parameters = z.infer<typeof parameters>;
