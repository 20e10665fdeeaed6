/** What is asked of a wire itself, whatever rides on it. */
import type { Probe, ProbedTarget, Verdict } from "../probe.ts";
import { accepted, leftOut, refusedByServer, watchMs } from "../probe.ts";
import { RawPeer } from "../raw-peer.ts";

/** What only the first bytes of a connection decide. */
export interface WireProbes {
  readonly "wrong-password": Probe;
  readonly "hostile-framing": Probe;
  readonly "slow-handshake": Probe;
  readonly "cross-origin": Probe;
}

/** Half of a handshake, and then nothing. `quote` says how the server said goodbye. */
export async function slowHandshake(
  { url, limits }: ProbedTarget,
  half: string,
  quote: (heard: string) => string,
): Promise<Verdict> {
  using peer = await RawPeer.connect(url);
  peer.write(half);
  if (limits === undefined) {
    if (await peer.untilEnd(watchMs)) return refusedByServer(`within ${watchMs / 1000} s: ${quote(peer.heard)}`);
    return leftOut(`still open after ${watchMs / 1000} s; its limit is longer and was not waited for`);
  }
  const { handshakeMs } = limits;
  // Timers are late on a busy machine, and a server may look at its deadlines only now and then.
  if (await peer.untilEnd(handshakeMs + 10_000))
    return refusedByServer(`limit ${handshakeMs} ms: ${quote(peer.heard)}`);
  return accepted(`half a handshake was kept, although the limit is ${handshakeMs} ms`);
}

/** How a goodbye is quoted that has no words. */
export const quoted = (words: string): string => (words === "" ? "closed without a word" : words);

/** An account that a peer claims, with a password nobody has. */
export const wrongAuthorization = `Authorization: Basic ${Buffer.from("wirebench:wrong").toString("base64")}\r\n`;
export const otherOrigin = "https://elsewhere.example";
