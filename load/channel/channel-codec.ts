import { type Message, MessageCodec, payloadBytesMin } from "../../protocol/messages/message.ts";
import { type ChannelMessage, encodeUserMessage } from "../../protocol/wires/channel.ts";

/** Tells messages of a window from those of another; all traffic of a channel is one. */
const window = 0;

/** Writes what users publish and reads what they receive; the body is a message like those the comparison sends. */
export class ChannelCodec {
  readonly #codec: MessageCodec;

  /** Bodies have so many bytes, or as many as their header needs. */
  constructor({ payloadBytes, seed }: { payloadBytes: number; seed: number }) {
    this.#codec = new MessageCodec({ kind: "text", payloadBytes: Math.max(payloadBytes, payloadBytesMin), seed });
  }

  /** What a publisher hands to its connection. */
  encode(publisher: number, sequence: number, scheduledNs: number, sentNs: number): string {
    const body = this.#codec.encode("data", window, sequence, scheduledNs, sentNs) as string;
    return encodeUserMessage({ type: "publish", message: { publisher, sequence, body } });
  }

  /**
   * Undefined if the body is not one that `encode` writes, or contradicts its envelope. What it says of its times is for
   * the ledger to judge. The next call reuses the object.
   */
  decode({ sequence, body }: ChannelMessage): Message | undefined {
    const message = this.#codec.decode(body);
    return message?.kind === "data" && message.window === window && message.sequence === sequence ? message : undefined;
  }
}
