import { SaxesParser } from "saxes";
import { XmlFault } from "./xml-fault.ts";
import { XmlNamespaces } from "./xml-namespaces.ts";

export interface XmlHandler {
  startTag(name: string, attributes: Record<string, string>): void;
  text(text: string): void;
  endTag(name: string): void;
}

/** Elements inside one another, the stream's root included. */
const depthMax = 32;
/** Elements of one stanza: four bytes of XML become some two hundred of memory. */
const elementsMax = 1000;
/** One tag with all its attributes, in characters: six of them can make an attribute, which takes far more memory. */
const tagLengthMax = 10_000;
/** An unfinished reference, in characters: the longest one without needless zeros has eight. */
const referenceLengthMax = 100;
/** What saxes may append to a text piece by piece, in characters, before the pieces are made one string. */
const unjoinedLengthMax = 256 * 1024;

// XML 1.1, which a declaration could ask for, allows control characters that RFC 6120 section 11 does not.
const options = { position: false, xmlns: false, defaultXMLVersion: "1.0", forceXMLVersion: true } as const;
const cdataOpening = "<![CDATA[";
const declarationOpening = "<?xml";
const notWhitespace = /[^ \t\r\n]/;
const neverInReference = /[\s<>&'"]/;

/**
 * Reads one XML document as it arrives, in any chunks, and takes only what RFC 6120 section 11 allows (no comments,
 * processing instructions, DTDs or entities of a peer's own, no prefix that is not bound), within bounds.
 *
 * What is well-formed is for saxes to say. But saxes has no bounds, goes on after a fault, and reports an end tag before
 * it has compared the name. So it gets at most one tag at a time, once that has been counted, and an end tag is handed
 * over when saxes has come back: that also lets the handler stop the document at any tag.
 */
export class XmlReader {
  /** Most characters (UTF-16 units, so never more than bytes) of one stanza, or of the stream header. */
  stanzaLengthMax: number;
  readonly #handler: XmlHandler;
  /** Undefined once stopped: what it has kept of an unfinished stanza goes with it. */
  #saxes: SaxesParser<typeof options> | undefined;
  readonly #namespaces = new XmlNamespaces();
  #depth = 0;
  #stanzaLength = 0;
  #stanzaElements = 0;
  #unjoinedLength = 0;
  /** Characters of the markup that has begun and not ended: a tag, a CDATA section or the XML declaration. */
  #markupLength = 0;
  /** The first of them, as many as it takes to tell which it is. */
  #opening = "";
  #markupEnded = false;
  #endedTag: string | undefined;
  #atStart = true;

  constructor(handler: XmlHandler, stanzaLengthMax: number) {
    this.#handler = handler;
    this.stanzaLengthMax = stanzaLengthMax;
    const saxes = new SaxesParser(options);
    saxes.on("opentag", ({ name, attributes }) => this.#startTag(name, attributes));
    saxes.on("closetag", ({ name }) => {
      this.#markupEnded = true;
      this.#endedTag = name;
    });
    saxes.on("text", (text) => handler.text(joined(text)));
    saxes.on("cdata", (text) => {
      this.#markupEnded = true;
      if (text !== "") handler.text(joined(text));
    });
    saxes.on("xmldecl", ({ encoding }) => {
      this.#markupEnded = true;
      if (encoding !== undefined && encoding.toLowerCase() !== "utf-8") {
        throw new XmlFault("unsupported-encoding", "expected UTF-8 (RFC 6120 section 11.6)");
      }
    });
    saxes.on("processinginstruction", refuseInstruction);
    saxes.on("error", ({ message }) => {
      if (message === "undefined entity.") throw new XmlFault("restricted-xml", "entity references are not allowed");
      throw new XmlFault("not-well-formed", `not well-formed: ${message}`);
    });
    this.#saxes = saxes;
  }

  /** Within the root, after a whole stanza or before the first. */
  get isBetweenStanzas(): boolean {
    return this.#saxes !== undefined && this.#depth === 1 && this.#markupLength === 0;
  }

  /** Ignores everything from here on. May be called by the handler. */
  stop(): void {
    this.#saxes = undefined;
  }

  /**
   * Returns what it left unread because the document ended or the handler stopped it. Throws an XmlFault at the first
   * fault, after everything before it was handed over, and stops.
   */
  push(chunk: string): string {
    let position = 0;
    try {
      while (position < chunk.length && this.#saxes !== undefined) position = this.#piece(this.#saxes, chunk, position);
    } catch (error) {
      this.stop();
      throw error;
    }
    return chunk.slice(position);
  }

  /** Reads up to the next `>` in markup, which may end a tag; where the piece after it begins. */
  #piece(saxes: SaxesParser<typeof options>, chunk: string, start: number): number {
    let markup = start;
    if (this.#markupLength === 0) {
      markup = chunk.indexOf("<", start);
      if (markup === -1) markup = chunk.length;
      if (markup > start) this.#text(chunk.slice(start, markup));
    }
    const close = chunk.indexOf(">", markup);
    const end = close === -1 ? chunk.length : close + 1;
    if (end > markup) this.#markup(chunk.slice(markup, end));
    const piece = chunk.slice(this.#depth < 2 ? markup : start, end);
    saxes.write(piece);
    // After an ampersand, saxes takes all that follows for an entity's name, up to a semicolon that may never come.
    const entity: string = Reflect.get(saxes, "entity");
    if (entity.length > referenceLengthMax || neverInReference.test(entity)) {
      throw new XmlFault("not-well-formed", "not well-formed: an ampersand that is not escaped");
    }
    this.#unjoinedLength += piece.length;
    if (this.#unjoinedLength > unjoinedLengthMax) {
      this.#unjoinedLength = 0;
      joined(Reflect.get(saxes, "text"));
    }
    if (this.#markupEnded) this.#endMarkup();
    return end;
  }

  /** White space between stanzas keeps a connection alive (RFC 6120 section 4.6.1) and is nothing to count or keep. */
  #text(text: string): void {
    if (this.#depth >= 2) this.#count(text.length);
    else if (notWhitespace.test(text)) this.#refuseText();
  }

  /** Refuses markup as soon as it is clear what it is, since saxes tells of it only where it ends. */
  #markup(markup: string): void {
    this.#markupLength += markup.length;
    if (this.#opening.length < cdataOpening.length) {
      this.#opening += markup.slice(0, cdataOpening.length - this.#opening.length);
    }
    const second = this.#opening[1];
    if (second === "!") this.#cdata();
    else if (second === "?") this.#declaration();
    else if (this.#markupLength > tagLengthMax) {
      throw new XmlFault("policy-violation", `a tag has more than ${tagLengthMax} characters`);
    }
    this.#count(markup.length);
  }

  #cdata(): void {
    if (!cdataOpening.startsWith(this.#opening)) {
      throw new XmlFault("restricted-xml", "comments and document type declarations are not allowed");
    }
    if (this.#depth < 2 && this.#opening === cdataOpening) this.#refuseText();
  }

  #declaration(): void {
    const opening = this.#opening.slice(0, declarationOpening.length);
    if (!this.#atStart || !declarationOpening.startsWith(opening)) refuseInstruction();
  }

  #refuseText(): never {
    if (this.#depth === 0) throw new XmlFault("not-well-formed", "text outside of the stream");
    throw new XmlFault("bad-format", "text between stanzas");
  }

  #count(length: number): void {
    this.#stanzaLength += length;
    if (this.#stanzaLength > this.stanzaLengthMax) {
      throw new XmlFault("policy-violation", `a stanza has more than ${this.stanzaLengthMax} bytes`);
    }
  }

  #startTag(name: string, attributes: Record<string, string>): void {
    this.#markupEnded = true;
    if (++this.#depth > depthMax) {
      throw new XmlFault("policy-violation", `more than ${depthMax} elements inside one another`);
    }
    if (++this.#stanzaElements > elementsMax) {
      throw new XmlFault("policy-violation", `a stanza has more than ${elementsMax} elements`);
    }
    if (this.#depth === 1) this.#namespaces.root(attributes);
    else this.#namespaces.begun(name, attributes);
    this.#handler.startTag(name, attributes);
  }

  #endMarkup(): void {
    const endedTag = this.#endedTag;
    this.#markupEnded = false;
    this.#endedTag = undefined;
    this.#markupLength = 0;
    this.#opening = "";
    this.#atStart = false;
    if (endedTag !== undefined) {
      this.#depth--;
      this.#namespaces.ended();
    }
    if (this.#depth < 2) {
      this.#stanzaLength = 0;
      this.#stanzaElements = 0;
    }
    if (endedTag === undefined || this.#saxes === undefined) return;
    this.#handler.endTag(endedTag);
    if (this.#depth === 0) this.stop();
  }
}

/**
 * saxes appends every piece, and every line end for itself, to the text it has; V8 keeps such a text as a tree, which takes
 * up to 32 bytes for each character. Matching it against an expression makes it one string.
 */
function joined(text: string): string {
  notWhitespace.test(text);
  return text;
}

function refuseInstruction(): never {
  throw new XmlFault("restricted-xml", "processing instructions are not allowed");
}
