/** What a broker of a cluster promises. */
import { z } from "zod";
import { fsyncPolicies, survivals } from "../../protocol/durability.ts";

/** The least first. */
export { survivals } from "../../protocol/durability.ts";

const count = z.number().int().min(1);

export const broker = z.object({
  name: z.string(),
  title: z.string(),
  delivery: z.enum(["at-most-once", "at-least-once"]),
  history: z.boolean(),
  order: z.enum(["total", "per-publisher"]),
  coresMax: count
    .nullable()
    .optional()
    .describe(
      "Cores that its program can keep busy with messages; null: all there are; absent: an older version did not say.",
    ),
  outage: z.string().describe("What is lost when its process is killed and comes back."),
  crash: z.string().optional().describe("What is lost when its machine crashes and comes back."),
  durability: z
    .object({
      fsync: z.enum(fsyncPolicies).describe("When what it was given reaches its disk."),
      replicas: count.describe("Processes of the broker that keep a copy of each message."),
      acknowledgedBy: count.describe("Of those, how many have it when its publisher is told."),
      survives: z.enum(survivals).describe("What every acknowledged message survives."),
    })
    .optional()
    .describe("What its program was started with; absent where wirebench did not start it."),
});
