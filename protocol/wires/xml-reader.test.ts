import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { XmlFault, type XmlFaultCondition } from "./xml-fault.ts";
import { XmlReader } from "./xml-reader.ts";

type Token = readonly ["start", string, Record<string, string>] | readonly ["text" | "end", string];

const stanzaLengthMax = 1_000_000;

/** Adjacent texts are joined: where a text is split depends on CDATA sections, not on meaning. */
function tokens(chunks: Iterable<string>, lengthMax = stanzaLengthMax): { seen: Token[]; fault?: XmlFaultCondition } {
  const seen: Token[] = [];
  const reader = new XmlReader(
    {
      startTag: (name, attributes) => seen.push(["start", name, { ...attributes }]),
      text(text) {
        const last = seen.at(-1);
        if (last?.[0] === "text") seen[seen.length - 1] = ["text", last[1] + text];
        else seen.push(["text", text]);
      },
      endTag: (name) => seen.push(["end", name]),
    },
    lengthMax,
  );
  try {
    for (const chunk of chunks) reader.push(chunk);
  } catch (error) {
    assert.ok(error instanceof XmlFault);
    return { seen, fault: error.condition };
  }
  return { seen };
}

const inStanza = (xml: string): string => `<s><m>${xml}</m>`;

describe("the XML reader", () => {
  const document =
    `<?xml version='1.0' encoding="UTF-8"?> <s a='>' b="'&lt;&#x20ac;">\n<m xmlns='x' ><e/>` +
    `one &amp; <![CDATA[<two> & ]] ]>]]> three</m> <n\t/></s>`;
  const expected: Token[] = [
    ["start", "s", { a: ">", b: "'<€" }],
    ["start", "m", { xmlns: "x" }],
    ["start", "e", {}],
    ["end", "e"],
    ["text", "one & <two> & ]] ]> three"],
    ["end", "m"],
    ["start", "n", {}],
    ["end", "n"],
    ["end", "s"],
  ];

  it("reads tags, attributes, references and CDATA sections", () => {
    assert.deepEqual(tokens([document]), { seen: expected });
  });

  it("reads the same whatever the chunks", () => {
    for (const size of [1, 2, 3, 7]) {
      const chunks = document.match(new RegExp(`[^]{1,${size}}`, "g"))!;
      assert.deepEqual(tokens(chunks), { seen: expected }, `chunks of ${size}`);
    }
  });

  it("ignores everything after the end of the document", () => {
    assert.deepEqual(tokens(["<s></s><s><!DOCTYPE"]), {
      seen: [
        ["start", "s", {}],
        ["end", "s"],
      ],
    });
  });

  it("turns line ends into line feeds, as XML 1.0 section 2.11 asks, but not references to them", () => {
    assert.deepEqual(tokens([inStanza("a\r\nb\rc&#13;d")]).seen[2], ["text", "a\nb\nc\rd"]);
  });

  it("takes prefixes that are bound: by the element, one around it in the stanza, or the root for the stanza's own", () => {
    const xml =
      "<r:s xmlns:r='u'><r:m xml:lang='en' xmlns:a='v'><a:b xmlns:a='w' a:c='' c=''/><a:d/></r:m><m xmlns:r='x'><r:b/></m>";
    assert.equal(tokens([xml]).fault, undefined);
  });

  const faults: readonly (readonly [title: string, xml: string, condition: XmlFaultCondition])[] = [
    ["a document type declaration", "<!DOCTYPE s [<!ENTITY a 'b'>]><s>", "restricted-xml"],
    ["a comment", inStanza("<!-- a -->"), "restricted-xml"],
    ["a processing instruction", inStanza("<?php ?>"), "restricted-xml"],
    ["an XML declaration inside", inStanza("<?xml version='1.0'?>"), "restricted-xml"],
    ["an entity of the peer's own", inStanza("&foo;"), "restricted-xml"],
    ["such an entity in an attribute", "<s><m a='&foo;'>", "restricted-xml"],
    ["a bare ampersand", inStanza("a & b"), "not-well-formed"],
    ["a reference to a character XML does not allow", inStanza("&#0;"), "not-well-formed"],
    ["a reference beyond Unicode", inStanza("&#99999999999;"), "not-well-formed"],
    ["a control character", inStanza("\u0001"), "not-well-formed"],
    ["an end tag that does not match", "<s><m></n>", "not-well-formed"],
    ["an attribute twice", "<s><m a='1' a='2'>", "not-well-formed"],
    ["an attribute without quotes", "<s><m a=1>", "not-well-formed"],
    ["an attribute without a value", "<s><m a>b='c'</m>", "not-well-formed"],
    ["a tag without a name", "<s>< m>", "not-well-formed"],
    ["text before the root", "GET / HTTP/1.1\r\n", "not-well-formed"],
    ["text between stanzas", "<s> a <m/>", "bad-format"],
    ["a prefix that nobody binds", inStanza("<a:b/>"), "not-well-formed"],
    ["a stanza with a prefix that nobody binds", "<s><a:m/>", "not-well-formed"],
    ["an attribute with a prefix that nobody binds", inStanza("<b a:c=''/>"), "not-well-formed"],
    ["a prefix after the element that binds it", inStanza("<a:b xmlns:a='u'/><a:b/>"), "not-well-formed"],
    ["a prefix that is bound to nothing", inStanza("<a:b xmlns:a=''/>"), "not-well-formed"],
    ["a prefix that only the root binds", "<s xmlns:a='u'><m><a:b/></m>", "bad-namespace-prefix"],
    ["a name with two prefixes", inStanza("<a:b:c xmlns:a='u'/>"), "not-well-formed"],
    ["a prefix without a name", inStanza("<a: xmlns:a='u'/>"), "not-well-formed"],
    ["one attribute under two prefixes", inStanza("<b xmlns:a='u' xmlns:c='u' a:d='' c:d=''/>"), "not-well-formed"],
    ["another meaning of xml", inStanza("<b xmlns:xml='u'/>"), "not-well-formed"],
    ["another name for xmlns", inStanza("<b xmlns:a='http://www.w3.org/2000/xmlns/'/>"), "not-well-formed"],
    ["a CDATA section between stanzas", "<s><![CDATA[a]]>", "bad-format"],
    ["another encoding", "<?xml version='1.0' encoding='UTF-16'?>", "unsupported-encoding"],
    ["a byte order mark", "\ufeff<s>", "not-well-formed"],
    ["a CDATA section before the root", "<![CDATA[a]]>", "not-well-formed"],
    ["the end of a CDATA section without its beginning", inStanza("a]]>b"), "not-well-formed"],
    ["a control character that only XML 1.1 allows", `<?xml version='1.1'?>${inStanza("&#1;")}`, "not-well-formed"],
    ["an entity with the name of a method", inStanza("&toString;"), "restricted-xml"],
    ["a reference that does not end", `<s><m>&${"a".repeat(101)}`, "not-well-formed"],
    ["a reference that a tag interrupts", "<s><m>&am<e/>", "not-well-formed"],
    ["a document type declaration that does not end", "<!D", "restricted-xml"],
    ["a comment that does not end", "<s><!-", "restricted-xml"],
    ["a processing instruction that does not end", "<?p", "restricted-xml"],
    ["an end tag that never ends", `<s><m></${"a".repeat(10_001)}`, "policy-violation"],
    ["33 elements inside one another", "<s>".repeat(33), "policy-violation"],
    ["a tag that never ends", `<s ${"a".repeat(10_001)}`, "policy-violation"],
    ["1001 elements in one stanza", inStanza("<e/>".repeat(1001)), "policy-violation"],
    ["a stanza that is too long", inStanza("a".repeat(stanzaLengthMax)), "policy-violation"],
    ["a CDATA section that is too long", `<s><m><![CDATA[${"a".repeat(stanzaLengthMax)}`, "policy-violation"],
  ];
  for (const [title, xml, condition] of faults) {
    it(`refuses ${title}, also one character at a time`, () => {
      assert.equal(tokens([xml]).fault, condition);
      assert.equal(tokens(xml).fault, condition);
    });
  }

  it("does not hand over the end of an element that another's end tag closes", () => {
    assert.deepEqual(tokens(["<s><m>a</n>"]).seen.at(-1), ["text", "a"]);
  });

  it("keeps a character together whose two UTF-16 units come apart", () => {
    assert.deepEqual(tokens(["<s><m>a\ud83d", "\ude00b</m>"]).seen[2], ["text", "a\u{1f600}b"]);
  });

  it("stops where it is told to, and says what it has not read", () => {
    const seen: string[] = [];
    const reader = new XmlReader(
      { startTag: (name) => void seen.push(name), text: () => {}, endTag: () => reader.stop() },
      stanzaLengthMax,
    );
    assert.equal(reader.push("<s><m/>  <?xml version='1.0'?><t>"), "  <?xml version='1.0'?><t>");
    assert.deepEqual(seen, ["s", "m"]);
    assert.equal(reader.push("<t>"), "<t>");
  });

  it("hands over what came before a fault in the same chunk", () => {
    assert.deepEqual(tokens(["<s><m/><!-- -->"]).seen.at(-1), ["end", "m"]);
  });

  it("counts the length of each stanza for itself, and not the white space between them", () => {
    const stanza = `<m>${"a".repeat(50)}</m>`;
    const chunks = ["<s>", ...Array.from({ length: 100 }, () => [stanza, " ".repeat(80)]).flat()];
    assert.equal(tokens(chunks, 60).fault, undefined);
    assert.equal(tokens([chunks.join("")], 60).fault, undefined);
    assert.equal(tokens(chunks, 50).fault, "policy-violation");
  });

  it("does not slow down with the length of a text, which arrives in many chunks", () => {
    const chunk = "a".repeat(64 * 1024);
    const { seen, fault } = tokens(["<s><m>", ...Array.from({ length: 256 }, () => chunk), "</m>"], 2 ** 30);
    assert.equal(fault, undefined);
    assert.equal(seen[2]?.[1], chunk.repeat(256));
  });
});
