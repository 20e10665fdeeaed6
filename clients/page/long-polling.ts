import type { PageClient } from "../../protocol/page.ts";
import { connectPolling } from "./http/polling.ts";

/** Asks again as soon as it has an answer. */
export const longPollingPage: PageClient = {
  connect: (options) =>
    connectPolling(options, async (poll, isOpen) => {
      while (isOpen()) await poll();
    }),
};
