import type { ProtocolClient } from "../bench/protocol.ts";
import { connectPolling, type Poll } from "./http/polling.ts";

/**
 * Asks every `pollIntervalMs` by a fixed clock, as a user of `setInterval` does, not that long after an answer;
 * a request that is still unanswered when the next is due takes its place. The first goes out after a random part
 * of the interval, so that users who connect together do not ask together. One connection carries everything.
 */
export const shortPollingClient: ProtocolClient = {
  connect: (options) => connectPolling(options, { held: false, repeat: onFixedClock }),
};

function onFixedClock(poll: Poll, pollIntervalMs: number): () => void {
  let inFlight = false;
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    if (inFlight) return;
    inFlight = true;
    poll(() => {
      inFlight = false;
    });
  };
  const phase = setTimeout(() => {
    timer = setInterval(tick, pollIntervalMs);
    tick();
  }, Math.random() * pollIntervalMs);
  return () => {
    clearTimeout(phase);
    clearInterval(timer);
  };
}
