/** An XML stream on a bare connection (RFC 6120 section 4). */
import { nothingThere } from "../probe.ts";
import { conditionIn, streamErrorPattern } from "../streams/xml-stream.ts";
import { quoted, slowHandshake, type WireProbes } from "./wire.ts";

/** Less than a stream header. */
const half = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' ";

function condition(heard: string): string {
  const match = streamErrorPattern.exec(heard);
  return match === null ? quoted("") : `stream error ${conditionIn(match)}`;
}

export const xmlStream: Pick<WireProbes, "slow-handshake" | "cross-origin"> = {
  "slow-handshake": (target) => slowHandshake(target, half, condition),
  "cross-origin": nothingThere("browsers do not speak it"),
};
