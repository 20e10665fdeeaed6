/** `protocol/wires/json-message.ts` with what a page has: a text is a JSON string, bytes are `{"base64": "..."}`. */
import type { Payload } from "../../../protocol/contract.ts";

export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** As JSON has it. */
export type JsonMessage = string | { readonly base64: string };

export const toJson = (payload: Payload): JsonMessage =>
  typeof payload === "string" ? payload : { base64: toBase64(payload) };

export const fromJson = (message: JsonMessage): Payload =>
  typeof message === "string" ? message : fromBase64(message.base64);
