import { Parser } from "@xmpp/xml";
import { XmlFault } from "./xml-fault.ts";
import { XmlReader } from "./xml-reader.ts";

/** Before a peer has said who it is, it gets no more than this per stanza (RFC 6120 section 13.12 asks for a bound). */
export const unauthenticatedStanzaBytesMax = 10_000;

/**
 * The parser of `@xmpp/xml` (stream header, stanzas as elements, end of stream) on a reader that keeps RFC 6120 section
 * 11: the stock one (ltx) skips comments and DTDs silently, loses text after a CDATA section, throws at an unknown entity
 * and bounds nothing. Emits `error` with an XmlFault once, and nothing more after it; `write` never throws for a peer's
 * fault.
 */
export class XmppStreamParser extends Parser {
  #reader = this.#newReader(unauthenticatedStanzaBytesMax);

  set stanzaBytesMax(bytes: number) {
    this.#reader.stanzaLengthMax = bytes;
  }

  override write(chunk: string): void {
    const reader = this.#reader;
    try {
      const unread = reader.push(chunk);
      if (reader !== this.#reader) this.write(unread);
    } catch (error) {
      if (!(error instanceof XmlFault)) throw error;
      this.emit("error", error);
    }
  }

  /** What follows is a new stream on the same connection (RFC 6120 section 4.3.3), even within this chunk. */
  restart(): void {
    this.root = null;
    this.cursor = null;
    this.stop();
    this.#reader = this.#newReader(this.#reader.stanzaLengthMax);
  }

  /** Ignores everything from here on, even within this chunk. */
  stop(): void {
    this.#reader.stop();
  }

  #newReader(stanzaLengthMax: number): XmlReader {
    return new XmlReader(
      {
        startTag: (name, attributes) => this.onStartElement(name, attributes),
        text: (text) => this.onText(text),
        endTag: (name) => this.onEndElement(name),
      },
      stanzaLengthMax,
    );
  }
}
