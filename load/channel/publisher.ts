import { type ChannelMessage, encodeUserMessage } from "../../protocol/wires/channel.ts";

/** The text of a published message, filled up to so many bytes from `{` to `}` where it is shorter. */
export function publishText(message: Omit<ChannelMessage, "filler">, payloadBytes: number): string {
  const bare = encodeUserMessage({ type: "publish", message: { ...message, filler: "" } });
  // All ASCII, so that characters are bytes; the filler ends the text but for `"}}`.
  const missing = payloadBytes - bare.length;
  return missing <= 0 ? bare : `${bare.slice(0, -3)}${"x".repeat(missing)}"}}`;
}
