import type { ProtocolClient } from "../bench/protocol.ts";
import { connectPolling } from "./http/polling.ts";

/** RFC 6202 section 5.5: the longest hold reported to work through intermediaries. */
const holdMsMax = 120_000;

/**
 * Asks again as soon as an answer has been handled, so a request waits at the server nearly always (RFC 6202
 * section 2). Two connections per user: the held request occupies one, the other carries what is sent.
 */
export const longPollingClient: ProtocolClient = {
  connect: (options) => connectPolling(options, { holdMsMax, repeat: atOnce }),
};

function atOnce(poll: () => Promise<void>): () => void {
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) await poll();
  };
  void run();
  return () => {
    stopped = true;
  };
}
