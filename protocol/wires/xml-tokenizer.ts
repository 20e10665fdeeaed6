import { unescapeXML } from "@xmpp/xml";

/** The stream errors of RFC 6120 section 4.9.3 that reading XML can lead to. */
export type XmlFaultCondition =
  | "bad-format"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** XML that RFC 6120 section 11 does not allow, or more of it than the limits do. */
export class XmlFault extends Error {
  readonly condition: XmlFaultCondition;

  constructor(condition: XmlFaultCondition, message: string) {
    super(message);
    this.name = "XmlFault";
    this.condition = condition;
  }
}

export interface XmlHandler {
  startTag(name: string, attributes: Record<string, string>): void;
  text(text: string): void;
  endTag(name: string): void;
}

/** Elements inside one another, the stream's root included. */
const depthMax = 32;
/** Elements of one stanza: four bytes of XML become some two hundred of memory. */
const elementsMax = 1000;
/** One tag with all its attributes, in characters; what a peer may make us look at again with every byte it sends. */
const tagLengthMax = 10_000;
const cdataOpening = "<![CDATA[";
const declarationOpening = "<?xml";

const nameStart = "[A-Za-z_:\\u00c0-\\ufffd]";
const name = `${nameStart}[-.0-9A-Za-z_:\\u00b7-\\ufffd]*`;
const tagName = new RegExp(name, "y");
const attribute = new RegExp(`[ \\t\\r\\n]+(${name})[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"([^<"]*)"|'([^<']*)')`, "y");
const tagTail = /[ \t\r\n]*(\/?)>/y;
const xmlDeclaration =
  /^<\?xml\s+version\s*=\s*["']1\.\d["'](?:\s+encoding\s*=\s*["']([^"']*)["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters XML 1.0 forbids
const illegalCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const otherReference = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)/;
const entityReference = new RegExp(`&(?!(?:amp|lt|gt|quot|apos);)${name};`);
const notWhitespace = /[^ \t\r\n]/;

/**
 * Splits the XML of a stream into tags and text as it arrives, in any chunks, in time linear in its length.
 *
 * It takes only what RFC 6120 section 11 allows (no comments, processing instructions, DTDs or entities of a peer's
 * own) and is strict about the rest: `@xmpp/xml` brings a tokenizer (ltx) that skips comments and DTDs silently, loses
 * text after a CDATA section, throws at an unknown entity, keeps every byte between two stanzas, bounds nothing, and
 * takes time quadratic in a chunk of text without a tag: 20 ms for each 64 KiB of a large message.
 */
export class XmlTokenizer {
  /** Most characters (UTF-16 units, so never more than bytes) of one stanza, or of the stream header. */
  stanzaLengthMax: number;
  readonly #handler: XmlHandler;
  #state: "text" | "markup" | "cdata" | "stopped" = "text";
  /** What has arrived of an unfinished token. In pieces, since joining at every chunk would be quadratic. */
  #held: string[] = [];
  #heldLength = 0;
  /** The last two characters held: a CDATA section ends with three. */
  #heldTail = "";
  /** Characters of the unfinished stanza that are no longer held. */
  #stanzaLength = 0;
  #stanzaElements = 0;
  #openNames: string[] = [];
  #atStart = true;

  constructor(handler: XmlHandler, stanzaLengthMax: number) {
    this.#handler = handler;
    this.stanzaLengthMax = stanzaLengthMax;
  }

  /** The next tag begins a new document (RFC 6120 section 4.3.3). May be called by the handler. */
  restart(): void {
    this.#openNames = [];
    this.#atStart = true;
  }

  /** Ignores everything from here on. May be called by the handler. */
  stop(): void {
    this.#state = "stopped";
    this.#release();
  }

  /** Throws an XmlFault at the first fault, after everything before it was handed over, and stops. */
  push(chunk: string): void {
    try {
      this.#push(chunk);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  #push(chunk: string): void {
    if (this.#state === "stopped") return;
    if (!this.#mayFinishToken(chunk)) {
      this.#hold(chunk);
      this.#checkStanzaLength(0);
      return;
    }
    const data = this.#held.length === 0 ? chunk : this.#held.join("") + chunk;
    this.#release();
    const rest = this.#tokens(data);
    if (rest === undefined) return;
    this.#hold(data.slice(rest));
    this.#checkStanzaLength(0);
  }

  /** Handles the tokens that are complete; where the first incomplete one begins, unless the handler stopped it all. */
  #tokens(data: string): number | undefined {
    let start = 0;
    for (;;) {
      let end: number;
      if (this.#state === "text") {
        end = data.indexOf("<", start);
        if (end === -1) return start;
        this.#state = "markup";
        if (end > start) this.#text(data.slice(start, end));
      } else if (this.#state === "cdata") {
        const close = data.indexOf("]]>", start);
        if (close === -1) return start;
        end = close + 3;
        this.#countAndCheck(end - start);
        this.#state = "text";
        this.#characterData(data.slice(start + cdataOpening.length, close), asItIs);
      } else {
        if (this.#opensCdata(data, start)) {
          this.#state = "cdata";
          continue;
        }
        const close = markupEnd(data, start);
        if ((close === -1 ? data.length : close) - start > tagLengthMax) {
          throw new XmlFault("policy-violation", `a tag has more than ${tagLengthMax} characters`);
        }
        if (close === -1) return start;
        end = close + 1;
        this.#countAndCheck(end - start);
        this.#state = "text";
        this.#markup(data.slice(start, end));
        if (this.#openNames.length < 2) {
          this.#stanzaLength = 0;
          this.#stanzaElements = 0;
        }
      }
      start = end;
      if (this.#stopped()) return undefined;
    }
  }

  #stopped(): boolean {
    return this.#state === "stopped";
  }

  #mayFinishToken(chunk: string): boolean {
    if (this.#state === "text") return chunk.includes("<");
    return this.#state === "markup" || (this.#heldTail + chunk).includes("]]>");
  }

  #hold(chunk: string): void {
    if (chunk === "") return;
    // White space between stanzas keeps a connection alive (RFC 6120 section 4.6.1) and is nothing to keep.
    if (this.#state === "text" && this.#openNames.length < 2) {
      this.#text(chunk);
      return;
    }
    this.#held.push(chunk);
    this.#heldLength += chunk.length;
    this.#heldTail = (this.#heldTail + chunk.slice(-2)).slice(-2);
    if (this.#held.length > 1024) this.#held = [this.#held.join("")];
  }

  #release(): void {
    this.#held = [];
    this.#heldLength = 0;
    this.#heldTail = "";
  }

  #countAndCheck(length: number): void {
    this.#checkStanzaLength(length);
    this.#stanzaLength += length;
  }

  #checkStanzaLength(length: number): void {
    if (this.#stanzaLength + this.#heldLength + length > this.stanzaLengthMax) {
      throw new XmlFault("policy-violation", `a stanza has more than ${this.stanzaLengthMax} bytes`);
    }
  }

  /** Also refuses what may not begin with `<!` or `<?` as soon as that is clear, not where it ends. */
  #opensCdata(data: string, start: number): boolean {
    const second = data[start + 1];
    if (second === "?" && !declarationOpening.startsWith(data.slice(start, start + declarationOpening.length))) {
      throw new XmlFault("restricted-xml", "processing instructions are not allowed");
    }
    if (second !== "!") return false;
    const opening = data.slice(start, start + cdataOpening.length);
    if (!cdataOpening.startsWith(opening)) {
      throw new XmlFault("restricted-xml", "comments and document type declarations are not allowed");
    }
    return opening.length === cdataOpening.length;
  }

  #text(raw: string): void {
    if (this.#openNames.length >= 2) {
      this.#countAndCheck(raw.length);
      this.#characterData(raw);
    } else if (notWhitespace.test(raw)) {
      if (this.#openNames.length === 0) throw new XmlFault("not-well-formed", "text outside of the stream");
      throw new XmlFault("bad-format", "text between stanzas");
    }
  }

  #characterData(raw: string, decode: (raw: string) => string = decodeReferences): void {
    if (this.#openNames.length < 2) throw new XmlFault("bad-format", "text between stanzas");
    if (illegalCharacter.test(raw)) throw new XmlFault("not-well-formed", "a character XML does not allow");
    // XML 1.0 section 2.11. A carriage return that is meant to stay is written as a reference.
    const text = decode(raw.includes("\r") ? raw.replaceAll(/\r\n?/g, "\n") : raw);
    if (text !== "") this.#handler.text(text);
  }

  #markup(markup: string): void {
    const atStart = this.#atStart;
    this.#atStart = false;
    if (markup.startsWith("<?")) this.#declaration(markup, atStart);
    else if (markup.startsWith("</")) this.#endTag(markup.slice(2, -1).trimEnd());
    else this.#startTag(markup);
  }

  #declaration(markup: string, atStart: boolean): void {
    if (!atStart) throw new XmlFault("restricted-xml", "an XML declaration that is not at the start");
    const match = xmlDeclaration.exec(markup);
    if (match === null) throw new XmlFault("not-well-formed", "a malformed XML declaration");
    if ((match[1] ?? "utf-8").toLowerCase() !== "utf-8") {
      throw new XmlFault("unsupported-encoding", "expected UTF-8 (RFC 6120 section 11.6)");
    }
  }

  #endTag(name: string): void {
    if (name !== this.#openNames.pop()) throw new XmlFault("not-well-formed", "an end tag without its start tag");
    const isLast = this.#openNames.length === 0;
    this.#handler.endTag(name);
    if (isLast) this.stop();
  }

  #startTag(markup: string): void {
    tagName.lastIndex = 1;
    const name = tagName.exec(markup)?.[0];
    if (name === undefined) throw new XmlFault("not-well-formed", "a tag without a name");
    let position = tagName.lastIndex;
    const attributes: Record<string, string> = {};
    for (;;) {
      attribute.lastIndex = position;
      const match = attribute.exec(markup);
      if (match === null) break;
      position = attribute.lastIndex;
      const key = match[1]!;
      if (Object.hasOwn(attributes, key)) throw new XmlFault("not-well-formed", "an attribute twice in one tag");
      const value = match[2] ?? match[3]!;
      if (illegalCharacter.test(value)) throw new XmlFault("not-well-formed", "a character XML does not allow");
      attributes[key] = decodeReferences(value);
    }
    tagTail.lastIndex = position;
    const tail = tagTail.exec(markup);
    if (tail === null || tagTail.lastIndex !== markup.length) throw new XmlFault("not-well-formed", "a malformed tag");
    if (this.#openNames.length >= depthMax) {
      throw new XmlFault("policy-violation", `more than ${depthMax} elements inside one another`);
    }
    if (++this.#stanzaElements > elementsMax) {
      throw new XmlFault("policy-violation", `a stanza has more than ${elementsMax} elements`);
    }
    this.#openNames.push(name);
    this.#handler.startTag(name, attributes);
    if (tail[1] === "/" && !this.#stopped()) this.#endTag(name);
  }
}

const codes = { quote: 0x22, apostrophe: 0x27, greaterThan: 0x3e } as const;

/** Where the markup that begins at `start` ends (its `>`, which may also stand in an attribute's value), or -1. */
function markupEnd(data: string, start: number): number {
  for (let position = start + 1; position < data.length; position++) {
    const code = data.charCodeAt(position);
    if (code === codes.greaterThan) return position;
    if (code === codes.quote || code === codes.apostrophe) {
      position = data.indexOf(code === codes.quote ? '"' : "'", position + 1);
      if (position === -1) return -1;
    }
  }
  return -1;
}

const asItIs = (raw: string): string => raw;

function decodeReferences(raw: string): string {
  if (!raw.includes("&")) return raw;
  if (otherReference.test(raw)) {
    if (entityReference.test(raw)) throw new XmlFault("restricted-xml", "entity references are not allowed");
    throw new XmlFault("not-well-formed", "an ampersand that is not escaped");
  }
  try {
    return unescapeXML(raw);
  } catch {
    throw new XmlFault("not-well-formed", "a character reference XML does not allow");
  }
}
