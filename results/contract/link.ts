/** The emulated link between users and server. */
import { z } from "zod";

const optional = z.number().positive().optional();

export const link = z
  .object({
    name: z.string().optional().describe("Of the conditions, where they have one: `4g`."),
    rttMs: z.number().nonnegative().describe("Round-trip time, half of it each way; a new connection takes one, too."),
    jitterMs: optional.describe("By how much the delay of one way is longer or shorter at most; order is kept."),
    downBitsPerSecond: optional.describe("What a line to the users carries."),
    upBitsPerSecond: optional.describe("What a line from the users carries."),
    lines: z
      .literal("per-connection")
      .optional()
      .describe(
        "Every connection has a line of its own, as users have who are apart. Absent: all connections share one.",
      ),
    lossShare: optional.describe(
      "Share of segments of 1460 B that are lost, as it looks from above TCP: what follows waits for the retransmission, after one round trip more where others are on the way behind it (fast retransmit, RFC 5681), else after the retransmission time-out of a round trip and 200 ms (Linux's minimum).",
    ),
    by: z
      .literal("netem")
      .optional()
      .describe("Imposed by the kernel, which loses packets indeed (tc-netem(8)). Absent: by a relay above TCP."),
  })
  .describe("Imposed by a relay between users and server, or by the kernel.");

export type LinkConditions = z.infer<typeof link>;
