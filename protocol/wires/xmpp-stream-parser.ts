import { Parser } from "@xmpp/xml";
import { XmlFault, XmlTokenizer } from "./xml-tokenizer.ts";

/** Before a peer has said who it is, it gets no more than this per stanza (RFC 6120 section 13.12 asks for a bound). */
export const unauthenticatedStanzaBytesMax = 10_000;

/**
 * The parser of `@xmpp/xml` (stream header, stanzas as elements, end of stream) on a tokenizer that keeps RFC 6120
 * section 11. Emits `error` with an XmlFault once, and nothing more after it; `write` never throws for a peer's fault.
 */
export class XmppStreamParser extends Parser {
  readonly #tokenizer = new XmlTokenizer(
    {
      startTag: (name, attributes) => this.onStartElement(name, attributes),
      text: (text) => this.onText(text),
      endTag: (name) => this.onEndElement(name),
    },
    unauthenticatedStanzaBytesMax,
  );

  set stanzaBytesMax(bytes: number) {
    this.#tokenizer.stanzaLengthMax = bytes;
  }

  override write(chunk: string): void {
    try {
      this.#tokenizer.push(chunk);
    } catch (error) {
      if (!(error instanceof XmlFault)) throw error;
      this.emit("error", error);
    }
  }

  /** What follows is a new stream on the same connection (RFC 6120 section 4.3.3), even within this chunk. */
  restart(): void {
    this.root = null;
    this.cursor = null;
    this.#tokenizer.restart();
  }

  /** Ignores everything from here on, even within this chunk. */
  stop(): void {
    this.#tokenizer.stop();
  }
}
