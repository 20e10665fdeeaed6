/** How a real server that is a target, or a proxy on the way to one, was set up. */
import { z } from "zod";

export const server = z.object({
  name: z.string().describe("Name of the program."),
  configuration: z.string().describe("Its configuration, with words in capitals for what differs from start to start."),
});
