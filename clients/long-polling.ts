import type { ProtocolClient } from "../protocol/contract.ts";
import { connectPolling, type Poll } from "./http/polling.ts";

/**
 * Asks again as soon as an answer has been handled, so a request waits at the server nearly always (RFC 6202
 * section 2). Two connections per user: the held request occupies one, the other carries what is sent.
 */
export const longPollingClient: ProtocolClient = {
  connect: (options) => connectPolling(options, { held: true, repeat: atOnce }),
};

function atOnce(poll: Poll): () => void {
  let stopped = false;
  const again = (): void => {
    if (!stopped) poll(again);
  };
  again();
  return () => {
    stopped = true;
  };
}
