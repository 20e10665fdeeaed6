/** What bytes cost on a wire, as arithmetic from the documents: bytes of one direction, above TCP and without TLS. */
import type { Traits } from "../../../protocol/contract.ts";
import { base64Bytes } from "../../../protocol/wires/framing-bytes.ts";

/** From the least to the most; no most where requests are made that carry nothing. */
export interface ByteRange {
  readonly low: number;
  readonly high?: number;
}

/** RFC 6455 section 5.2: two bytes at least, fourteen with the longest length and a mask. */
const frameHeader = { low: 2, high: 14 };
/** Around what a stanza carries: names, two addresses and namespaces. Addresses are of the length that ours have. */
const messageStanza = { low: 50, high: 600 };
const requestStanza = { low: 100, high: 600 };
const resultStanza = { low: 40, high: 300 };

/** A payload as one message of the protocol. */
export function messageBytes({ framing, uplink, downlink }: Traits, payloadBytes: number): ByteRange {
  const isStream = uplink === "stream" && downlink === "stream";
  const encoded = framing === "text" ? base64Bytes(payloadBytes) : payloadBytes;
  if (!isStream) return { low: encoded };
  const around = framing === "text" ? messageStanza : frameHeader;
  return { low: encoded + around.low, high: encoded + around.high };
}

/**
 * A payload as a bytestream (XEP-0047): a request and its result to open it and to close it, and for each block a stanza
 * and, where blocks are acknowledged, a result.
 */
export function bytestreamBytes(
  { uplink }: Traits,
  payloadBytes: number,
  { blockBytes, acknowledged }: { readonly blockBytes: number; readonly acknowledged: boolean },
): ByteRange {
  const blocks = Math.ceil(payloadBytes / blockBytes);
  const lastBytes = payloadBytes - (blocks - 1) * blockBytes;
  const encoded = (blocks - 1) * base64Bytes(blockBytes) + base64Bytes(lastBytes);
  const around = (end: "low" | "high"): number =>
    encoded +
    blocks * (requestStanza[end] + (acknowledged ? resultStanza[end] : 0)) +
    2 * (requestStanza[end] + resultStanza[end]);
  return uplink === "stream" ? { low: around("low"), high: around("high") } : { low: around("low") };
}
