/** What a hostile, broken or confused peer makes of what it should say. All from one seeded source of randomness. */
export class Mutator {
  readonly #random: () => number;

  /** `random` is uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Leaves out, repeats, moves, nests or brings in whole pieces. `foreign` are pieces of other conversations. */
  pieces(pieces: readonly string[], foreign: readonly string[]): string[] {
    const mutated = [...pieces];
    const at = this.below(mutated.length);
    const other = this.below(mutated.length);
    const mutation = this.below(6);
    if (mutation === 0) mutated.splice(at, 1);
    else if (mutation === 1) mutated.splice(at, 0, mutated[at]!);
    else if (mutation === 2) [mutated[at], mutated[other]] = [mutated[other]!, mutated[at]!];
    else if (mutation === 3) mutated.splice(at, 0, this.oneOf(foreign));
    else if (mutation === 4) mutated.splice(at, 0, ...Array(1 + this.below(40)).fill(mutated[at]!));
    else mutated[at] = nested(mutated[at]!, this.oneOf([mutated[other]!, this.oneOf(foreign)]));
    return mutated;
  }

  /** Changes something that has a meaning in XML: an attribute, a name, a namespace, a text, the data of a login, a count. */
  xml(xml: string): string {
    const mutation = this.below(10);
    if (mutation === 0) return this.#replaced(xml, /=(["'])(.*?)\1/g, () => `='${this.oneOf(values)}'`);
    if (mutation === 1) return this.#replaced(xml, /\s[\w:]+=(["'])(.*?)\1/g, () => "");
    if (mutation === 2) return this.#replaced(xml, /\s[\w:]+=(["'])(.*?)\1/g, (attribute) => attribute + attribute);
    if (mutation === 3) return this.#replaced(xml, /\s[\w:]+(?==)/g, () => ` ${this.oneOf(names)}`);
    if (mutation === 4) return this.#renamed(xml);
    if (mutation === 5)
      return this.#replaced(xml, /\sxmlns(:\w+)?=(["'])(.*?)\2/g, () => ` xmlns='${this.oneOf(uris)}'`);
    if (mutation === 6) return this.#replaced(xml, /(?<=>)[^<]+(?=<)/g, (text) => this.#text(text));
    if (mutation === 7)
      return this.#replaced(xml, /(?<=[ '"])(h|max|id|rid|sid|ack|previd|wait|hold)=(["'])(.*?)\2/g, (all) =>
        this.#count(all),
      );
    if (mutation === 8) return this.#replaced(xml, />(?=.)/g, (end) => end + this.oneOf(elements));
    return this.#inserted(xml, this.oneOf(snippets));
  }

  /** Changes bytes without regard to what they mean. */
  bytes(bytes: Buffer): Buffer {
    const at = this.below(bytes.length + 1);
    const mutation = this.below(6);
    if (mutation === 0) return bytes.subarray(0, at);
    if (mutation === 1) return this.#flipped(bytes);
    if (mutation === 2) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + this.below(20))]);
    if (mutation === 3) return Buffer.concat([bytes.subarray(0, at), this.oneOf(octets), bytes.subarray(at)]);
    if (mutation === 4) {
      const from = this.below(bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + this.below(200)), bytes.subarray(at)]);
    }
    return Buffer.from(bytes).fill(this.below(256), at, Math.min(bytes.length, at + this.below(30)));
  }

  /** The same bytes in any chunks, or in one. */
  *chunks(bytes: Buffer): Generator<Buffer> {
    const chunksMax = this.oneOf([1, 1, 1, 3, 10, 30]);
    for (let start = 0; start < bytes.length; ) {
      const size = chunksMax === 1 ? bytes.length : 1 + this.below((bytes.length * 2) / chunksMax);
      yield bytes.subarray(start, start + size);
      start += size;
    }
  }

  #replaced(xml: string, pattern: RegExp, change: (found: string) => string): string {
    const found = [...xml.matchAll(pattern)];
    if (found.length === 0) return xml + this.oneOf([...elements, ...snippets]);
    const { 0: text, index } = this.oneOf(found);
    return xml.slice(0, index) + change(text) + xml.slice(index + text.length);
  }

  /** An element, where it begins and where it ends. */
  #renamed(xml: string): string {
    const found = [...xml.matchAll(/<([\w:]+)/g)];
    if (found.length === 0) return xml + this.oneOf(elements);
    const name = this.oneOf(found)[1]!;
    const other = this.oneOf(names);
    return xml.replace(/(<\/?)([\w:]+)/g, (tag, start, its) => (its === name ? `${start}${other}` : tag));
  }

  #inserted(xml: string, snippet: string): string {
    const at = this.below(xml.length + 1);
    return xml.slice(0, at) + snippet + xml.slice(at);
  }

  /** What is base64 stays so, mostly, so that what is in it is read. */
  #text(text: string): string {
    if (this.below(2) === 0 && /^[A-Za-z0-9+/]{4,}=*$/.test(text)) {
      return this.bytes(Buffer.from(text, "base64")).toString("base64");
    }
    return this.oneOf([
      this.oneOf(values),
      this.#inserted(text, this.oneOf(snippets)),
      text.repeat(1 + this.below(50)),
    ]);
  }

  #count(attribute: string): string {
    return attribute.replace(/=(["']).*\1/, `='${this.oneOf(counts)}'`);
  }

  #flipped(bytes: Buffer): Buffer {
    const flipped = Buffer.from(bytes);
    for (let times = 1 + this.below(4); times > 0 && flipped.length > 0; times--) {
      flipped[this.below(flipped.length)]! ^= 1 << this.below(8);
    }
    return flipped;
  }
}

/** A piece inside of the first element of another. */
const nested = (outer: string, inner: string): string =>
  outer.replace(/\/>|>/, (end) => `>${inner}${end === "/>" ? "</x>" : ""}`);

const counts = ["0", "1", "2", "3", "4", "16", "-1", "+1", "", " 1", "1.5", "1e3", "0x1", "NaN", "Infinity"].concat([
  ...["2147483647", "2147483648", "4294967295", "4294967296", "9007199254740993", "9".repeat(400)],
]);

const values = [
  ...counts,
  ...["localhost", "LOCALHOST", "example.org", "@", "/", "a@b@c", "localhost/", "@localhost", "wirebench@localhost"],
  ...["user0@localhost/fuzz-0", "user1@localhost", "rooms.localhost", "fuzz@rooms.localhost", "user0@localhost/ "],
  ...[
    "get",
    "set",
    "result",
    "error",
    "chat",
    "groupchat",
    "headline",
    "subscribe",
    "subscribed",
    "unavailable",
    "probe",
  ],
  ...[
    "true",
    "false",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "length",
    "&#0;",
    "&#x10ffff;",
    "&amp;",
  ],
  ...[
    "&lt;",
    "%d",
    "\u{1f600}",
    "\u202e",
    "\u00ad",
    "\ufeff",
    "\u0130",
    "x".repeat(1024),
    "€".repeat(700),
    "=",
    "====",
  ],
  ...[
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "EXTERNAL",
    "plain",
    "AAAA",
    "AA==",
    "AAA",
    "AA AA",
    "remove",
    "both",
  ],
];

const names = [
  ...["message", "iq", "presence", "query", "item", "body", "error", "auth", "response", "abort", "success", "x", "a"],
  ...["r", "enable", "resume", "enabled", "stream:stream", "stream:error", "stream:features", "bind", "open", "close"],
  ...["type", "to", "from", "id", "xmlns", "xmlns:stream", "xml:lang", "version", "h", "previd", "jid", "children"],
  ...["__proto__", "constructor", "toString", "attrs", "parent", "é", "x:y", "xml:x", "-", "1"],
];

const uris = [
  ...["", "jabber:client", "jabber:server", "http://etherx.jabber.org/streams", "urn:ietf:params:xml:ns:xmpp-streams"],
  ...["urn:ietf:params:xml:ns:xmpp-sasl", "urn:ietf:params:xml:ns:xmpp-bind", "urn:ietf:params:xml:ns:xmpp-tls"],
  ...["urn:ietf:params:xml:ns:xmpp-framing", "http://jabber.org/protocol/httpbind", "urn:xmpp:xbosh"],
  ...["urn:xmpp:sm:2", "urn:xmpp:sm:3", "urn:xmpp:ping", "jabber:iq:roster", "http://jabber.org/protocol/muc", "urn:x"],
];

const elements = [
  ...[
    "<a/>",
    "<a xmlns='urn:a'>text</a>",
    "<x xmlns='http://jabber.org/protocol/muc'/>",
    "<query xmlns='jabber:iq:roster'/>",
  ],
  ...["<body/>", "<error type='cancel'/>", "<data xmlns='urn:wirebench:data:0'>!!!</data>", "<a/>".repeat(500), "text"],
  ...[
    "<a>".repeat(20) + "</a>".repeat(20),
    "<item jid='a@localhost'/>",
    "<priority>x</priority>",
    "<subject>s</subject>",
  ],
  ...[
    "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
    "<ping xmlns='urn:xmpp:ping'/>",
    "<data xmlns='http://jabber.org/protocol/ibb'/>",
  ],
];

const snippets = [
  ..."<>&;'\"/!?-[]=:a \r\n\t\0\x01",
  ...[
    "<!--",
    "-->",
    "<!-- x -->",
    "<![CDATA[",
    "<![CDATA[x]]>",
    "]]>",
    "<!DOCTYPE a [",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  ],
  ...["<?xml ", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='latin-1'?>", "<?php ?>", "?>", "</", "/>"],
  ...["&foo;", "&#0;", "&#xd800;", "&#x80;", "&amp", "&quot;", "\ufeff", "\uffff", "\ud800", "\u0085", "\u2028"],
  ...["<a>", "</a>", "<a/>", "<a/>".repeat(1100), "<a>".repeat(40), "<a xmlns=''/>", "<a:b xmlns:a='urn:a'/>"],
  ...[" a='1'", " a='1'".repeat(3000), " xmlns=''", " xml:lang='de'", "x".repeat(40_000), "</stream:stream>"],
  ...["<message><body/></message>", "<iq/>", "<iq type='get'/>", "<presence/>", "<presence type='unavailable'/>"],
  ...["<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='9'/>", "<enable xmlns='urn:xmpp:sm:3'/>"],
  ...["<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
];

/** Not UTF-8, or only half of it. */
const octets = [
  ...[[0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]],
  ...[[0x00], [0x1b], [0x7f], [0x80], [0xfe, 0xff], [0xff, 0xfe]],
].map((bytes) => Buffer.from(bytes));
