/**
 * How a message travels inside JSON (RFC 8259), for every protocol that carries it over HTTP: text is a JSON string,
 * binary is `{"base64": "..."}` (RFC 4648 section 4), and a batch is a JSON array of these.
 */
import { isUtf8 } from "node:buffer";
import type { Payload } from "../contract.ts";
import { asBuffer, payloadBytes } from "./payload.ts";

/** What came over the wire is not a message; the sentence says why. */
export class MessageRefused extends Error {
  /** It is well formed but larger than the limit. */
  readonly tooLarge: boolean;

  constructor(reason: string, options: { tooLarge?: boolean } = {}) {
    super(reason);
    this.name = "MessageRefused";
    this.tooLarge = options.tooLarge ?? false;
  }
}

/** What a polling server answers: messages in order, and the number to ask with for those that follow. */
export interface Batch {
  readonly cursor: number;
  readonly messages: readonly Payload[];
}

/** One message as JSON text without line breaks. Lone surrogates become U+FFFD, as on every UTF-8 wire. */
export const encodeMessage = (payload: Payload): string =>
  typeof payload === "string" ? JSON.stringify(payload.toWellFormed()) : `{"base64":"${encodeBase64(payload)}"}`;

/** Messages that are JSON text already, as one array. */
export const encodeMessages = (encoded: readonly string[]): string => `[${encoded.join(",")}]`;

/** Messages that are JSON text already, as a `Batch`. */
export const encodeBatch = (cursor: number, encoded: readonly string[]): string =>
  `{"cursor":${cursor},"messages":${encodeMessages(encoded)}}`;

export const encodeBase64 = (bytes: Uint8Array): string => asBuffer(bytes).toString("base64");

/** Throws `MessageRefused` for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new MessageRefused("expected UTF-8");
  return bytes.toString();
}

/** Throws `MessageRefused` for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MessageRefused("expected JSON");
  }
}

/** Throws `MessageRefused` unless the value is one message within the limit. */
export function decodeMessage(value: unknown, payloadBytesMax: number): Payload {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new MessageRefused("expected well-formed text, got a lone surrogate");
    return bounded(value, payloadBytesMax);
  }
  if (isObject(value) && typeof value.base64 === "string" && Object.keys(value).length === 1) {
    return decodeBase64(value.base64, payloadBytesMax);
  }
  throw new MessageRefused('expected a message: a string or {"base64": "..."}');
}

/** Throws `MessageRefused` unless the value is an array of messages, each within the limit. */
export function decodeMessages(value: unknown, payloadBytesMax: number): Payload[] {
  if (!Array.isArray(value)) throw new MessageRefused("expected an array of messages");
  return value.map((message) => decodeMessage(message, payloadBytesMax));
}

/** Throws `MessageRefused` unless the value is a `Batch` with every message within the limit. */
export function decodeBatch(value: unknown, payloadBytesMax: number): Batch {
  if (!isObject(value) || !Number.isSafeInteger(value.cursor)) {
    throw new MessageRefused('expected {"cursor": N, "messages": [...]}');
  }
  return { cursor: value.cursor as number, messages: decodeMessages(value.messages, payloadBytesMax) };
}

/** Throws `MessageRefused` for text that is not padded base64, or holds more than the limit. */
export function decodeBase64(text: string, payloadBytesMax: number): Buffer {
  // Buffer.from skips what is not base64; a peer that sends such a thing has a defect that must not go unseen.
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new MessageRefused("expected padded base64");
  return bounded(Buffer.from(text, "base64"), payloadBytesMax);
}

function bounded<T extends Payload>(payload: T, payloadBytesMax: number): T {
  // A character is at most three bytes of UTF-8 per UTF-16 unit, so most text need not be measured.
  if (payload.length * 3 <= payloadBytesMax) return payload;
  const bytes = payloadBytes(payload);
  if (bytes <= payloadBytesMax) return payload;
  throw new MessageRefused(`message of ${bytes} bytes is over the limit of ${payloadBytesMax}`, { tooLarge: true });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
