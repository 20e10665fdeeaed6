/** Real bytes of one message, with what each of them is. */
import { z } from "zod";

/** From the outside to the inside. */
export const layers = ["tls", "http", "framing", "payload"] as const;

const part = z.object({
  layer: z.enum(layers).describe("TLS records, heads of HTTP messages, what the protocol puts around it, the payload."),
  what: z.string().describe("In words: `frame header`, `size of the chunk`."),
  hex: z
    .string()
    .regex(/^([0-9a-f]{2})*$/)
    .describe("The bytes; the ids of sessions in them are replaced by asterisks (2a)."),
  bytes: z.number().int().nonnegative().describe("How many they are, where `hex` has the first of them only."),
});

export const capture = z.object({
  connection: z.number().int().min(1).describe("In the order in which they were opened."),
  direction: z.enum(["up", "down"]).describe("To the server, or from it."),
  parts: z.array(part),
});

export type Layer = (typeof layers)[number];
export type Capture = z.infer<typeof capture>;
