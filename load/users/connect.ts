import type { ClientConnection, ConnectOptions, ProtocolClient } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";

/** Connects with a bounded handshake: `limits.handshakeMs`, or sooner if `signal` aborts. */
export async function connectClient(
  client: ProtocolClient,
  options: Omit<ConnectOptions, "signal"> & { signal?: AbortSignal },
): Promise<ClientConnection> {
  const { handshakeMs } = options.limits;
  const timeout = new AbortController();
  const late = new WirebenchError("aborted", `no answer to the handshake within ${handshakeMs / 1000} s`);
  const timer = setTimeout(() => timeout.abort(late), handshakeMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout.signal]) : timeout.signal;
  try {
    return await client.connect({ ...options, signal });
  } finally {
    clearTimeout(timer);
  }
}
