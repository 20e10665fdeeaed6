/** What the bytes of a message are, part by part: of HTTP, of a protocol's framing, or of the payload. */
import { httpParts } from "./http.ts";
import type { Part } from "./part.ts";
import { webSocketParts } from "./websocket.ts";

/** What carries a message once its connection is open. */
export type Carrier = "requests" | "frames" | "stream";

/** A payload as it stands on the wire: as it is, or in base64. */
export interface SoughtPayload {
  readonly bytes: Buffer;
  readonly isEncoded: boolean;
}

/** In order, without gaps; what cannot be told is framing. The bytes begin where a message begins. */
export function dissect(bytes: Buffer, carrier: Carrier, payload: SoughtPayload): Part[] {
  const inner = (carried: Buffer): Part[] => around(carried, payload);
  const parts =
    carrier === "requests"
      ? httpParts(bytes, inner)
      : carrier === "frames"
        ? webSocketParts(bytes, inner)
        : inner(bytes);
  return parts.filter((part) => part.bytes.length > 0);
}

/** The payload, and what stands before and after it. */
function around(bytes: Buffer, payload: SoughtPayload): Part[] {
  const at = bytes.indexOf(payload.bytes);
  if (at === -1) return [{ layer: "framing", what: kindOf(bytes), bytes }];
  const end = at + payload.bytes.length;
  const before = bytes.subarray(0, at);
  return [
    { layer: "framing", what: `${kindOf(bytes)} before the payload`, bytes: before },
    {
      layer: "payload",
      what: payload.isEncoded ? "payload, in base64" : "payload",
      bytes: bytes.subarray(at, end),
    },
    { layer: "framing", what: `${kindOf(bytes)} after the payload`, bytes: bytes.subarray(end) },
  ];
}

/** By how it begins. */
function kindOf(bytes: Buffer): string {
  const start = bytes.toString("latin1", 0, 6);
  if (start.startsWith("<")) return "XML";
  if (/^(data|event):/.test(start)) return "event";
  return /^[[{"]/.test(start) ? "JSON" : "header";
}

/** RFC 8446 section 5.2: header, type of the content, and the tag of AES-GCM or ChaCha20-Poly1305. */
export const tlsRecordFraming = 5 + 1 + 16;
const recordHeaderBytes = 5;

/** Records in bytes that begin with one; the last may be cut short. */
export function tlsParts(bytes: Buffer): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + recordHeaderBytes;
    const end = start > bytes.length ? bytes.length : start + bytes.readUInt16BE(at + 3);
    parts.push({ layer: "tls", what: "record header", bytes: bytes.subarray(at, start) });
    parts.push({ layer: "tls", what: "encrypted, with its tag", bytes: bytes.subarray(start, end) });
    at = end;
  }
  return parts;
}
