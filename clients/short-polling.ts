import type { ConnectOptions, ProtocolClient } from "../protocol/contract.ts";
import { pollIntervalMs } from "../protocol/options/poll-interval.ts";
import { connectPolling, type Poll } from "./http/polling.ts";

/**
 * Asks by a fixed clock, at the interval of its option, as a user of `setInterval` does, not that long after an answer;
 * a request that is still unanswered when the next is due takes its place. The users of a run are spread evenly over
 * the interval, so that those who connect together do not ask together. One connection carries everything.
 */
export const shortPollingClient: ProtocolClient = {
  connect: (options) => connectPolling(options, { held: false, repeat: onFixedClock }),
};

/** Multiples of it, modulo 1, are evenly spread however many are taken (Weyl). */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

function onFixedClock(poll: Poll, { options = {}, user }: ConnectOptions): () => void {
  const intervalMs = pollIntervalMs(options);
  let inFlight = false;
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    if (inFlight) return;
    inFlight = true;
    poll(() => {
      inFlight = false;
    });
  };
  const phase = setTimeout(
    () => {
      timer = setInterval(tick, intervalMs);
      tick();
    },
    ((user * goldenRatio) % 1) * intervalMs,
  );
  return () => {
    clearTimeout(phase);
    clearInterval(timer);
  };
}
