import { Element } from "@xmpp/xml";
import { XmlFault } from "./xml-fault.ts";
import { XmlReader } from "./xml-reader.ts";
import { unauthenticatedStanzaBytesMax } from "./xmpp-stream-parser.ts";

/** Of `<open/>` and `<close/>` (RFC 7395 section 3.3.2). */
export const framingNamespace = "urn:ietf:params:xml:ns:xmpp-framing";

/** The declaration a frame may begin with, though RFC 7395 section 3.3.3 advises against it. */
const declaration = /^<\?xml [^<>]*\?>\s*/;

/**
 * Reads frames of XMPP over WebSocket (RFC 7395 section 3.3.3): each is one element, whole, with the namespaces it needs.
 * One reader serves them all, for which every frame is one more stanza of a stream; its bounds hold for each.
 */
export class XmppFrameParser {
  readonly #reader: XmlReader;
  #isInRoot = false;
  #cursor: Element | undefined;
  #elements: Element[] = [];

  constructor() {
    this.#reader = new XmlReader(
      {
        startTag: (name, attributes) => this.#startTag(name, attributes),
        text: (text) => void this.#cursor?.t(text),
        endTag: () => this.#endTag(),
      },
      unauthenticatedStanzaBytesMax,
    );
    this.#reader.push("<frames>");
  }

  set frameBytesMax(bytes: number) {
    this.#reader.stanzaLengthMax = bytes;
  }

  /** Throws an XmlFault, after which nothing more can be read. */
  parse(frame: string): Element {
    if (!frame.startsWith("<")) throw new XmlFault("bad-format", 'a frame that does not begin with "<"');
    this.#elements = [];
    const unread = this.#reader.push(frame.startsWith("<?xml ") ? frame.replace(declaration, "") : frame);
    const [element, another] = this.#elements;
    if (element === undefined || another !== undefined || unread !== "" || !this.#reader.isBetweenStanzas) {
      throw new XmlFault("bad-format", "a frame that is not one whole element");
    }
    return element;
  }

  #startTag(name: string, attributes: Record<string, string>): void {
    if (!this.#isInRoot) {
      this.#isInRoot = true;
      return;
    }
    const element = new Element(name, attributes);
    this.#cursor?.append(element);
    this.#cursor = element;
  }

  #endTag(): void {
    const ended = this.#cursor;
    this.#cursor = ended?.parent ?? undefined;
    if (ended !== undefined && ended.parent === null) this.#elements.push(ended);
  }
}
