import { Element, type ElementAttributes } from "@xmpp/xml";
import { encodedBytesMax } from "./payload.ts";
import { XmlFault } from "./xml-fault.ts";
import { streamNamespace, wrapped } from "./xmpp-element.ts";
import { XmppStreamParser } from "./xmpp-stream-parser.ts";

/** Of `<body/>` (XEP-0124 section 6). */
export const boshNamespace = "http://jabber.org/protocol/httpbind";
/** Of the attributes that XEP-0206 adds for XMPP. */
export const xboshNamespace = "urn:xmpp:xbosh";
/** XEP-0124 section 5. */
export const boshContentType = "text/xml; charset=utf-8";

/** Most bytes of a body, which holds one stanza of the limit at least. */
export const boshBodyBytesMax = (payloadBytesMax: number): number => encodedBytesMax(payloadBytesMax) + 1024;

/** Most stanzas of a body, and most elements in all of them: some take four bytes of XML and two hundred of memory. */
export const boshStanzasMax = 1000;
const elementsMax = 10_000;

/** An element as it stands in a body. */
export interface BodyPart {
  readonly xml: string;
  readonly bytes: number;
  /** It has the prefix `stream`, which the body then declares (XEP-0206 section 3). */
  readonly isStreams: boolean;
}

export function bodyPart(element: Element): BodyPart {
  const { xml, isStreams } = wrapped(element);
  return { xml, isStreams, bytes: Buffer.byteLength(xml) };
}

/** A body with its attributes in the order given. */
export function boshBody(attributes: ElementAttributes, parts: readonly BodyPart[]): string {
  const body = new Element("body", { ...attributes, xmlns: boshNamespace });
  if (parts.some(({ isStreams }) => isStreams)) body.attrs["xmlns:stream"] = streamNamespace;
  const empty = body.toString();
  if (parts.length === 0) return empty;
  return `${empty.slice(0, -2)}>${parts.map(({ xml }) => xml).join("")}</body>`;
}

/** Takes as many parts off a queue as fit into one body; one always does. */
export function nextParts(queue: BodyPart[], bytesMax: number): BodyPart[] {
  let bytes = 0;
  let count = 0;
  for (const part of queue) {
    bytes += part.bytes;
    if (count === boshStanzasMax || (count > 0 && bytes > bytesMax - 1024)) break;
    count++;
  }
  return queue.splice(0, count);
}

/** An attribute of XEP-0206, whatever the prefix of its namespace is. */
export function xboshAttribute(attributes: ElementAttributes, name: string): string | undefined {
  for (const [declaration, namespace] of Object.entries(attributes)) {
    if (namespace === xboshNamespace && declaration.startsWith("xmlns:")) {
      return attributes[`${declaration.slice("xmlns:".length)}:${name}`];
    }
  }
  return undefined;
}

/** Reads one body as it arrives, in any chunks. */
export class BoshBodyParser {
  readonly #parser = new XmppStreamParser();
  readonly #elements: Element[] = [];
  #attributes: ElementAttributes | undefined;
  #count = 0;
  #isWhole = false;
  #fault: Error | undefined;

  /** `started` is called as soon as the attributes are there. */
  constructor(started: (attributes: ElementAttributes) => void = () => {}) {
    this.#parser.on("start", (root) => {
      if (!root.is("body", boshNamespace)) this.#fail("expected <body/> (XEP-0124)");
      else {
        this.#attributes = root.attrs;
        started(root.attrs);
      }
    });
    this.#parser.on("element", (element) => {
      this.#elements.push(element);
      this.#count += elementsIn(element);
      if (this.#elements.length > boshStanzasMax) this.#fail(`a body has more than ${boshStanzasMax} stanzas`);
      else if (this.#count > elementsMax) this.#fail(`a body has more than ${elementsMax} elements`);
    });
    this.#parser.on("end", () => {
      this.#isWhole = true;
    });
    this.#parser.on("error", (error) => {
      this.#fault ??= error;
    });
  }

  /** Most bytes of one stanza. */
  set stanzaBytesMax(bytes: number) {
    this.#parser.stanzaBytesMax = bytes;
  }

  /** Throws an XmlFault. */
  write(chunk: string): void {
    this.#parser.write(chunk);
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** The whole body; throws an XmlFault if its end has not come. */
  end(): { readonly attributes: ElementAttributes; readonly elements: readonly Element[] } {
    if (!this.#isWhole || this.#attributes === undefined)
      throw new XmlFault("not-well-formed", "a body without an end");
    return { attributes: this.#attributes, elements: this.#elements };
  }

  #fail(message: string): void {
    this.#fault ??= new XmlFault("policy-violation", message);
    this.#parser.stop();
  }
}

function elementsIn({ children }: Element): number {
  let count = 1;
  for (const child of children) if (typeof child !== "string") count += elementsIn(child);
  return count;
}
