import { XmlFault } from "./xml-fault.ts";

/** Of the prefixes `xml` and `xmlns` (Namespaces in XML 1.0, section 3). */
const xmlNamespace = "http://www.w3.org/XML/1998/namespace";
const xmlnsNamespace = "http://www.w3.org/2000/xmlns/";

type Attributes = Readonly<Record<string, string>>;

/**
 * The prefixes of the elements that are open. RFC 6120 section 11.3: a server must not hand on what is not
 * namespace-well-formed, since whoever gets it has to end its own stream.
 */
export class XmlNamespaces {
  /** Of the root; a stanza leaves it behind when it is handed on, so that only its own name may rely on them. */
  readonly #ofRoot = new Set<string>();
  /** What a prefix is bound to, innermost last, by the elements from the stanza on. */
  readonly #bound = new Map<string, string[]>();
  /** What each of those elements has bound. */
  readonly #byElement: (readonly string[])[] = [];

  /** The root has begun. */
  root(attributes: Attributes): void {
    for (const name in attributes) if (name.startsWith("xmlns:")) this.#ofRoot.add(name.slice("xmlns:".length));
  }

  /** A stanza, or an element in it, has begun. Throws an XmlFault. */
  begun(name: string, attributes: Attributes): void {
    const isStanza = this.#byElement.length === 0;
    let prefixed = 0;
    let bound: string[] | undefined;
    for (const attribute in attributes) {
      if (attribute === "xmlns") checkBinding("", attributes[attribute]!);
      if (!attribute.includes(":")) continue;
      prefixed++;
      if (!attribute.startsWith("xmlns:")) continue;
      const prefix = attribute.slice("xmlns:".length);
      this.#bind(prefix, attributes[attribute]!);
      bound ??= [];
      bound.push(prefix);
    }
    this.#byElement.push(bound ?? none);
    if (name.includes(":")) this.#resolve(name, isStanza);
    if (prefixed > (bound?.length ?? 0)) this.#checkAttributes(attributes);
  }

  /** The element that has begun last has ended. */
  ended(): void {
    for (const prefix of this.#byElement.pop() ?? none) {
      const namespaces = this.#bound.get(prefix);
      namespaces?.pop();
      if (namespaces?.length === 0) this.#bound.delete(prefix);
    }
  }

  #bind(prefix: string, namespace: string): void {
    if (prefix === "" || prefix.includes(":")) refuse("a namespace is bound to no prefix");
    if (namespace === "") refuse(`the prefix ${prefix} is bound to no namespace`);
    checkBinding(prefix, namespace);
    const namespaces = this.#bound.get(prefix);
    if (namespaces === undefined) this.#bound.set(prefix, [namespace]);
    else namespaces.push(namespace);
  }

  /** Section 6.3: no two attributes of one name, however they are prefixed. */
  #checkAttributes(attributes: Attributes): void {
    const names = new Set<string>();
    for (const attribute in attributes) {
      if (!attribute.includes(":") || attribute.startsWith("xmlns:")) continue;
      const name = `${this.#resolve(attribute, false)} ${attribute.slice(attribute.indexOf(":") + 1)}`;
      if (names.has(name)) refuse(`an element has two attributes like ${attribute}`);
      names.add(name);
    }
  }

  /** The namespace of what has a prefix; empty where the root has bound it. */
  #resolve(name: string, isStanza: boolean): string {
    const [prefix, local, another] = name.split(":", 3) as [string, string, string?];
    if (prefix === "" || local === "" || another !== undefined) refuse(`${name} is no name with a prefix`);
    const namespace = prefix === "xml" ? xmlNamespace : this.#bound.get(prefix)?.at(-1);
    if (namespace !== undefined) return namespace;
    if (!this.#ofRoot.has(prefix)) refuse(`the prefix ${prefix} is not bound`);
    if (isStanza) return "";
    throw new XmlFault("bad-namespace-prefix", `the prefix ${prefix} is not bound by the stanza that uses it`);
  }
}

const none: readonly string[] = [];

/** Of those that are reserved, only `xml` may be bound, and to its own (section 3). */
function checkBinding(prefix: string, namespace: string): void {
  const isXml = prefix === "xml";
  if (isXml !== (namespace === xmlNamespace) || prefix === "xmlns" || namespace === xmlnsNamespace) {
    refuse(`${prefix || "no prefix"} cannot be bound to ${namespace}`);
  }
}

function refuse(message: string): never {
  throw new XmlFault("not-well-formed", `not well-formed: ${message}`);
}
