import { Element, type ElementAttributes } from "@xmpp/xml";

/**
 * One stanza for many: what is in it is serialised once, and each copy has only the attributes of its recipient. A copy is
 * for sending; its children cannot be read again.
 */
export class FanOut {
  readonly #name: string;
  readonly #attributes: ElementAttributes;
  readonly #content: string;

  /** Later changes of the stanza do not show. */
  constructor({ name, attrs, children }: Element) {
    const envelope = new Element("x");
    envelope.children = children;
    this.#name = name;
    this.#attributes = { ...attrs };
    this.#content = children.length === 0 ? "" : envelope.toString().slice("<x>".length, -"</x>".length);
  }

  /** What it takes to keep, about: its content and its attributes. */
  get bytes(): number {
    return Object.entries(this.#attributes)
      .flat()
      .reduce((sum, text = "") => sum + Buffer.byteLength(text), Buffer.byteLength(this.#content));
  }

  /** A copy with these attributes changed. */
  copy(attributes: ElementAttributes): Element {
    const element = new Element(this.#name, { ...this.#attributes, ...attributes });
    // All that ltx asks of a child it serialises.
    const verbatim = { write: (writer: (text: string) => void) => writer(this.#content) };
    if (this.#content !== "") element.children.push(verbatim as unknown as Element);
    return element;
  }
}
