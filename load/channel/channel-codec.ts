import { type Message, MessageCodec, payloadBytesMin } from "../../protocol/messages/message.ts";
import {
  type DeliveryHead,
  decodeNodeMessage,
  encodeUserMessage,
  readDeliveryHead,
} from "../../protocol/wires/channel.ts";

/** Tells messages of a window from those of another; all traffic of a channel is one. */
const window = 0;

/** What a delivery says; every copy of it that arrives is one object. */
export interface ReceivedMessage {
  readonly publisher: number;
  readonly sequence: number;
  readonly scheduledNs: number;
  readonly sentNs: number;
  /** Where the broker has it. */
  readonly position?: string;
}

interface Remembered {
  readonly frame: Buffer;
  readonly message: ReceivedMessage;
}

/** Deliveries remembered, a power of two: more than are on their way to the users of a process at a time. */
const rememberedMax = 1024;
/** Longer ones are read each time: their bytes cost more than reading them. */
const rememberedBytesMax = 16 * 1024;

/**
 * Writes what users publish and reads what they receive; the body is a message like those the comparison sends. A node
 * sends the same bytes to all of its users, so a delivery is verified and read once, and its copies are compared with it.
 */
export class ChannelCodec {
  readonly #codec: MessageCodec;
  readonly #remembered: (Remembered | undefined)[] = new Array(rememberedMax).fill(undefined);
  readonly #head: DeliveryHead = { publisher: 0, sequence: 0, positionAt: -1, positionEnd: 0, bodyAt: 0 };

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
   * A delivery, as its bytes came. Undefined if it is none, or its body is not one that `encode` writes or contradicts its
   * envelope. What it says of its times is for the ledger to judge.
   */
  read(utf8: Buffer): ReceivedMessage | undefined {
    const head = this.#head;
    if (!readDeliveryHead(utf8, head)) return this.#readAsText(utf8);
    const slot = (head.publisher * 31 + head.sequence) & (rememberedMax - 1);
    const before = this.#remembered[slot];
    if (before?.frame.equals(utf8)) return before.message;
    const message = this.#messageOf(head.publisher, head.sequence, utf8.subarray(head.bodyAt), () =>
      head.positionAt < 0 ? undefined : utf8.toString("latin1", head.positionAt, head.positionEnd),
    );
    if (message !== undefined && utf8.byteLength <= rememberedBytesMax) {
      this.#remembered[slot] = { frame: Buffer.from(utf8), message };
    }
    return message;
  }

  #readAsText(utf8: Buffer): ReceivedMessage | undefined {
    const message = decodeNodeMessage(utf8.toString());
    if (message?.type !== "delivery") return undefined;
    const { publisher, sequence, body } = message.message;
    return this.#messageOf(publisher, sequence, Buffer.from(body), () => message.position);
  }

  #messageOf(
    publisher: number,
    sequence: number,
    body: Buffer,
    positionOf: () => string | undefined,
  ): ReceivedMessage | undefined {
    const message: Message | undefined = this.#codec.decode(body, true);
    if (message?.kind !== "data" || message.window !== window || message.sequence !== sequence) return undefined;
    const { scheduledNs, sentNs } = message;
    const position = positionOf();
    return { publisher, sequence, scheduledNs, sentNs, ...(position !== undefined && { position }) };
  }
}
