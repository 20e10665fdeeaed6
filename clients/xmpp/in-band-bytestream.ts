/** In-band bytestreams (XEP-0047): bytes in base64, in numbered blocks of stanzas. */
import { type Element, xml } from "@xmpp/xml";
import { asBuffer } from "../../protocol/wires/payload.ts";
import { messageType } from "../../protocol/wires/xmpp-message.ts";
import type { XmppSession } from "./session.ts";

export const ibbNamespace = "http://jabber.org/protocol/ibb";
const stanzasNamespace = "urn:ietf:params:xml:ns:xmpp-stanzas";

/** Block numbers are 16 bits long and start again at 0 (section 2.2). */
const sequences = 65_536;
/** Section 2.1: the largest block there may be. */
const blockBytesMax = 65_535;
/** Streams that a peer may have open at a time. */
const streamsMax = 16;

export interface BlockOptions {
  /** Of a block before it is encoded; at most 65535. */
  readonly blockBytes: number;
  /** `iq`: each block is acknowledged before the next is sent. `message`: nobody acknowledges a block. */
  readonly stanza: "iq" | "message";
}

/**
 * Opens a bytestream to a full JID, sends the bytes and closes it. Resolves when the peer has acknowledged the end, rejects
 * with the stanza error of whatever it refused.
 */
export async function sendInBand(
  session: Pick<XmppSession, "request" | "send">,
  to: string,
  sid: string,
  bytes: Uint8Array,
  { blockBytes, stanza }: BlockOptions,
): Promise<void> {
  const xmlns = ibbNamespace;
  const set = (child: Element): Promise<Element> => session.request(xml("iq", { type: "set", to }, child));
  await set(xml("open", { xmlns, "block-size": String(blockBytes), sid, stanza }));
  const buffer = asBuffer(bytes);
  for (let block = 0; block * blockBytes < buffer.byteLength; block++) {
    const base64 = buffer.toString("base64", block * blockBytes, Math.min(buffer.byteLength, (block + 1) * blockBytes));
    const data = xml("data", { xmlns, seq: String(block % sequences), sid }, base64);
    if (stanza === "iq") await set(data);
    else session.send(xml("message", { to, type: messageType }, data));
  }
  await set(xml("close", { xmlns, sid }));
}

interface Incoming {
  readonly blockBytes: number;
  readonly stanza: string;
  readonly blocks: Buffer[];
  bytes: number;
}

type Condition = "bad-request" | "item-not-found" | "not-acceptable" | "resource-constraint" | "unexpected-request";

/** Takes in the bytestreams that peers open: bounded, and in sequence or not at all. */
export class InBandReceiver {
  readonly #bytesMax: number;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #streams = new Map<string, Incoming>();

  /** `onBytes` gets everything of a stream when its peer has closed it. A stream larger than `bytesMax` is refused. */
  constructor(bytesMax: number, onBytes: (bytes: Buffer) => void) {
    this.#bytesMax = bytesMax;
    this.#onBytes = onBytes;
  }

  /** What to answer; `taken` where there is nothing to say; undefined for a stanza that is no part of a bytestream. */
  receive(stanza: Element): Element | "taken" | undefined {
    const { id, from, type } = stanza.attrs;
    const isRequest = stanza.name === "iq" && type === "set";
    if (!isRequest && (stanza.name !== "message" || type === "error")) return undefined;
    const child = stanza.getChildElements().find((element) => element.getNS() === ibbNamespace);
    if (child === undefined) return undefined;
    const condition = this.#handle(child, from, stanza.name);
    if (!isRequest) return "taken";
    if (condition === undefined) return xml("iq", { type: "result", id, to: from });
    const error = xml("error", { type: "cancel" }, xml(condition, { xmlns: stanzasNamespace }));
    return xml("iq", { type: "error", id, to: from }, error);
  }

  #handle(child: Element, from: string | undefined, carrier: string): Condition | undefined {
    const key = JSON.stringify([from, child.attrs.sid]);
    if (child.name === "open" && carrier === "iq") return this.#open(key, child);
    const stream = this.#streams.get(key);
    if (stream === undefined) return "item-not-found";
    if (child.name === "data" && carrier === stream.stanza) {
      const condition = this.#take(stream, child);
      // Section 2.2: a block that is not the next one ends the stream.
      if (condition !== undefined) this.#streams.delete(key);
      return condition;
    }
    if (child.name !== "close" || carrier !== "iq") return "bad-request";
    this.#streams.delete(key);
    this.#onBytes(Buffer.concat(stream.blocks));
    return undefined;
  }

  #open(key: string, { attrs }: Element): Condition | undefined {
    const blockBytes = Number(attrs["block-size"]);
    const { stanza = "iq", sid = "" } = attrs;
    if (sid === "" || !Number.isInteger(blockBytes) || blockBytes < 1) return "bad-request";
    if (blockBytes > blockBytesMax) return "resource-constraint";
    if (this.#streams.has(key) || (stanza !== "iq" && stanza !== "message")) return "not-acceptable";
    if (this.#streams.size >= streamsMax) return "resource-constraint";
    this.#streams.set(key, { blockBytes, stanza, blocks: [], bytes: 0 });
    return undefined;
  }

  #take(stream: Incoming, data: Element): Condition | undefined {
    const text = data.getText();
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return "bad-request";
    if (data.attrs.seq !== String(stream.blocks.length % sequences)) return "unexpected-request";
    const block = Buffer.from(text, "base64");
    if (block.byteLength === 0 || block.byteLength > stream.blockBytes) return "bad-request";
    stream.bytes += block.byteLength;
    if (stream.bytes > this.#bytesMax) return "resource-constraint";
    stream.blocks.push(block);
    return undefined;
  }
}
