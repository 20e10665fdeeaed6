/** Length-prefixed frames on a bare connection: there is nothing before the first message, and no browser speaks them. */
import { frameHeaderBytes } from "../../../../../protocol/wires/frame.ts";
import { accepted, nothingThere, type ProbedTarget, refusedByServer, type Verdict } from "../probe.ts";
import { RawPeer } from "../raw-peer.ts";
import type { WireProbes } from "./wire.ts";

const unknownKind = 9;

async function hostileFraming({ url }: ProbedTarget): Promise<Verdict> {
  using peer = await RawPeer.connect(url);
  peer.write(Buffer.of(0, 0, 0, 1, unknownKind, 0));
  if (!(await peer.untilEnd())) return accepted("a frame of an unknown kind was not refused");
  return refusedByServer(`a frame of an unknown kind: "${peer.heard.slice(frameHeaderBytes)}"`);
}

export const frames: WireProbes = {
  "wrong-password": nothingThere("the wire has no place for credentials"),
  "hostile-framing": hostileFraming,
  "slow-handshake": nothingThere("there is no handshake"),
  "cross-origin": nothingThere("browsers do not speak it"),
};
