/** Compression as an option of a target, by the same DEFLATE (RFC 1951) whatever wraps it. */
import type { Options } from "../contract.ts";
import { isOn, switchOption } from "./switch.ts";

/**
 * How both ends compress: at zlib's default level, with the largest window (2^15 bytes), each message with what came
 * before it on the connection as its dictionary. It is what browsers and servers do unless they are told otherwise.
 */
export const deflateSettings = { level: 6, memLevel: 8, windowBits: 15 } as const;

const summary = "level 6, a window of 32 KiB kept from message to message";

/** In frames of WebSocket (permessage-deflate, RFC 7692), both ways. */
export const deflate = switchOption({
  name: "deflate",
  summary: `compressed by permessage-deflate (RFC 7692): ${summary}`,
  title: "compressed",
  libraryOnly: true,
});

/** In a response that does not end (gzip, RFC 9110 section 8.4.1.3), with a flush after every event. */
export const gzip = switchOption({
  name: "deflate",
  summary: `events are compressed by gzip, with a flush after each: ${summary}`,
  title: "compressed",
});

export const compresses = (options: Options | undefined): boolean => isOn(deflate, options);
