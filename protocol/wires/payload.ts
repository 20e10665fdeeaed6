import type { Payload } from "../contract.ts";

/** Size in bytes as limits count it: text as UTF-8. */
export const payloadBytes = (payload: Payload): number =>
  typeof payload === "string" ? Buffer.byteLength(payload) : payload.byteLength;

/**
 * Most bytes a payload of the limit can take on a text wire: JSON writes a control character as six bytes, XML a
 * quote as six, base64 needs 4/3; plus room for the envelope.
 */
export const encodedBytesMax = (payloadBytesMax: number): number => payloadBytesMax * 6 + 4096;

/** Bytes as a Buffer without copying, for the encoders only Buffer has. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
