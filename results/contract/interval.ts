/** A number with what is known of it. */
import { z } from "zod";

export const interval = z
  .object({
    value: z
      .number()
      .describe("Median of the trials; of P90 and beyond, the percentile of all their messages together."),
    low: z.number().describe("Lower end."),
    high: z.number().describe("Upper end."),
  })
  .describe(
    "95 % confidence interval, from one value per trial: Student's t on logarithms, wide enough to hold the median; low = high = value with fewer than 3 trials. Counts, shares, and metrics that were 0 in a trial, have the lowest and the highest trial instead. Of P90 and beyond, low and high are the lowest and the highest trial's own percentile, without a level of confidence; Max is the maximum of all trials. Percentiles are over everything sent: what never came is infinitely late.",
  );

export type Interval = z.infer<typeof interval>;
