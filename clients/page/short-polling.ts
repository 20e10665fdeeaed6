import { pollIntervalMs } from "../../protocol/options/poll-interval.ts";
import type { PageClient } from "../../protocol/page.ts";
import { connectPolling } from "./http/polling.ts";

/** Asks by a clock; a poll that is still unanswered when the next is due takes its place. */
export const shortPollingPage: PageClient = {
  connect: (options) =>
    connectPolling(options, (poll, isOpen) => {
      let isAsking = false;
      const timer = setInterval(async () => {
        if (!isOpen()) clearInterval(timer);
        if (isAsking || !isOpen()) return;
        isAsking = true;
        await poll();
        isAsking = false;
      }, pollIntervalMs(options.options));
    }),
};
