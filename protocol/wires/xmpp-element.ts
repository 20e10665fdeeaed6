import { Element } from "@xmpp/xml";

/** Of stanzas (RFC 6120 section 4.8.2) and of what is prefixed `stream:` (section 4.8.1). */
export const clientNamespace = "jabber:client";
export const streamNamespace = "http://etherx.jabber.org/streams";

/** What stands around every element on TCP, and therefore need not be repeated in each. */
const root = new Element("stream:stream", { xmlns: clientNamespace, "xmlns:stream": streamNamespace });

/**
 * Makes an element that has brought its own namespaces what it would be on TCP, where those of the stream are declared
 * once: so it is written as short wherever it goes. One that has not stays without, and is refused as such.
 */
export function asStreamChild(element: Element): Element {
  if (element.attrs.xmlns === clientNamespace) {
    element.attrs.xmlns = undefined;
    element.parent = root;
  }
  return element;
}

const isStreams = ({ name }: Element): boolean => name.startsWith("stream:");

/** An element of the stream as a document of its own, complete with its namespaces (RFC 7395 section 3.3.3). */
export const standalone = (element: Element): string =>
  isStreams(element)
    ? withAttribute(element, "xmlns:stream", streamNamespace)
    : withAttribute(element, "xmlns", clientNamespace);

/** The same inside another namespace, that has declared the prefix `stream` around it where `isStreams`. */
export const wrapped = (element: Element): { readonly xml: string; readonly isStreams: boolean } => ({
  xml: isStreams(element) ? element.toString() : standalone(element),
  isStreams: isStreams(element),
});

/** Adds it to the text alone, since the same element may go to others too; unless the element has it. */
function withAttribute(element: Element, attribute: string, namespace: string): string {
  const text = element.toString();
  const { name, attrs } = element;
  if (attrs[attribute] !== undefined) return text;
  return `<${name} ${attribute}="${namespace}"${text.slice(name.length + 1)}`;
}
