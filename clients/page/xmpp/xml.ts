/** What a page has of XML: the parser of its browser (WHATWG DOM Parsing), of which no types are here. */

export interface XmlElement {
  readonly localName: string;
  readonly namespaceURI: string | null;
  readonly textContent: string;
  readonly children: ArrayLike<XmlElement>;
  getAttribute(name: string): string | null;
}

declare const DOMParser: new () => {
  parseFromString(text: string, type: "application/xml"): { readonly documentElement: XmlElement };
};

export const parseXml = (text: string): XmlElement =>
  new DOMParser().parseFromString(text, "application/xml").documentElement;

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Of text or of an attribute in double quotes. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]!);

export const childNamed = ({ children }: XmlElement, name: string): XmlElement | undefined =>
  Array.from(children).find(({ localName }) => localName === name);
