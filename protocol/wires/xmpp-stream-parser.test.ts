import assert from "node:assert/strict";
import { StringDecoder } from "node:string_decoder";
import { describe, it } from "node:test";
import { seededRandom } from "../random.ts";
import { XmlFault } from "./xml-fault.ts";
import { XmppStreamParser } from "./xmpp-stream-parser.ts";

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "to='localhost' version='1.0'>";

/** What a peer hears of these bytes; the stream begins again after an element named `success`. */
function heard(chunks: Iterable<Uint8Array>): { events: string[]; fault: XmlFault | undefined } {
  const events: string[] = [];
  let fault: XmlFault | undefined;
  const note = (event: string): void => {
    assert.equal(fault, undefined, `${event} after a fault`);
    events.push(event);
  };
  const parser = new XmppStreamParser();
  parser.on("start", (root) => note(`start ${root.name}`));
  parser.on("element", (element) => {
    note(element.toString());
    if (element.name === "success") parser.restart();
  });
  parser.on("end", () => note("end"));
  parser.on("error", (error) => {
    assert.ok(error instanceof XmlFault);
    assert.equal(fault, undefined, "two faults");
    fault = error;
  });
  const decoder = new StringDecoder("utf8");
  for (const chunk of chunks) parser.write(decoder.write(chunk));
  return { events, fault };
}

function* pieces(bytes: Buffer, sizeOf: () => number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const end = start + sizeOf();
    yield bytes.subarray(start, end);
    start = end;
  }
}

describe("the XMPP stream parser", () => {
  it("reads a new stream from the middle of a chunk", () => {
    const { events, fault } = heard([Buffer.from(`${header}<success/>\n${header}<message/></stream:stream><a>`)]);
    assert.equal(fault, undefined);
    assert.deepEqual(events, ["start stream:stream", "<success/>", "start stream:stream", "<message/>", "end"]);
  });

  it("hears nothing after it was stopped, even in the same chunk", () => {
    const parser = new XmppStreamParser();
    let elements = 0;
    parser.on("element", () => {
      elements++;
      parser.stop();
    });
    parser.on("error", assert.fail);
    parser.write(`${header}<message/><message/><!-- -->`);
    parser.write("<message/>");
    assert.equal(elements, 1);
  });

  it("does not hand over a stanza that another's end tag closes", () => {
    const { events, fault } = heard([Buffer.from(`${header}<message></presence>`)]);
    assert.deepEqual(events, ["start stream:stream"]);
    assert.equal(fault?.condition, "not-well-formed");
  });

  it("never throws, and hears the same in any chunks, whatever the bytes", () => {
    const stream = Buffer.from(
      `${header}<success xmlns='urn:x'>AP8=</success>${header}\n<message to="localhost" type='headline'><body>a &lt; b ` +
        `&#x20ac; € \u{1f600}\r\n</body></message> <iq id='1' type="get"><ping xmlns='urn:xmpp:ping'/></iq>` +
        "<message><body>a<![CDATA[<b>&]]]>c</body><x:y xmlns:x='urn:x' x:z='&quot;>'/></message></stream:stream>",
    );
    const random = seededRandom(20260);
    const below = (limit: number): number => Math.floor(random() * limit);
    const snippets = [
      ..."<>&;'\"/!?-[]=:a \r\n\0\x01",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "<!DOCTYPE a [",
      "<?xml ",
      "?>",
    ]
      .concat([
        "</",
        "/>",
        "&foo;",
        "&#0;",
        "&#xd800;",
        "&amp",
        "\ufeff",
        "\uffff",
        "<a>",
        "</a>",
        " a='1'",
        "xmlns=''",
      ])
      .map((text) => Buffer.from(text))
      .concat([Buffer.of(0xff), Buffer.of(0xc3), Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0xf0, 0x9f)]);
    const mutations: readonly ((bytes: Buffer) => Buffer)[] = [
      (bytes) => bytes.subarray(0, below(bytes.length)),
      (bytes) => Buffer.from(bytes).fill(below(256), below(bytes.length)),
      (bytes) => {
        const copy = Buffer.from(bytes);
        copy[below(copy.length)] = below(256);
        return copy;
      },
      (bytes) => {
        const start = below(bytes.length);
        return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + below(20))]);
      },
      (bytes) => {
        const at = below(bytes.length);
        return Buffer.concat([bytes.subarray(0, at), snippets[below(snippets.length)]!, bytes.subarray(at)]);
      },
      (bytes) => {
        const [from, at] = [below(bytes.length), below(bytes.length)];
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + below(80)), bytes.subarray(at)]);
      },
    ];
    let faults = 0;
    for (let i = 0; i < 1000; i++) {
      let bytes: Buffer = stream;
      for (let times = 1 + below(3); times > 0 && bytes.length > 0; times--) {
        bytes = mutations[below(mutations.length)]!(bytes);
      }
      const whole = heard([bytes]);
      if (whole.fault !== undefined) faults++;
      const chunkings = [heard(pieces(bytes, () => 1)), heard(pieces(bytes, () => 1 + below(40)))];
      for (const { events, fault } of chunkings) {
        assert.deepEqual(events, whole.events, JSON.stringify(bytes.toString()));
        assert.equal(fault === undefined, whole.fault === undefined, JSON.stringify(bytes.toString()));
      }
    }
    assert.ok(faults > 500, `only ${faults} of 1000 were refused`);
  });
});
