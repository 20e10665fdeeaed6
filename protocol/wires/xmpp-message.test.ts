import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Element } from "@xmpp/xml";
import type { Payload } from "../contract.ts";
import { messageElement, messagePayload } from "./xmpp-message.ts";
import { XmppStreamParser } from "./xmpp-stream-parser.ts";

const attributes = { to: "localhost", type: "headline" };

function overTheWire(payload: Payload): Payload | undefined {
  const parser = new XmppStreamParser();
  parser.stanzaBytesMax = 1_000_000;
  const received: (Payload | undefined)[] = [];
  parser.on("element", (element) => received.push(messagePayload(element)));
  parser.write(`<stream:stream>${messageElement(attributes, payload)}`);
  assert.equal(received.length, 1);
  return received[0];
}

describe("a message stanza", () => {
  it("has a body for a text", () => {
    assert.equal(
      messageElement(attributes, "a < b").toString(),
      `<message to="localhost" type="headline"><body>a &lt; b</body></message>`,
    );
  });

  it("has an extension element in base64 for bytes", () => {
    assert.equal(
      messageElement(attributes, Buffer.from([0, 255])).toString(),
      `<message to="localhost" type="headline"><data xmlns="urn:wirebench:data:0">AP8=</data></message>`,
    );
  });

  it("carries every text unchanged", () => {
    const control = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code));
    const texts = [
      "",
      " ",
      "  spaces around\t\n",
      "\n",
      "carriage\rreturn\r\n",
      `<&>"' &amp; &#13; &foo;`,
      "]]>",
      "<![CDATA[a]]>b<!-- c --><?d?>",
      "€uro \u{1f600} \u{10ffff} \ufeff \ufffd",
      "\ufffe",
      "\uffff",
      ...control,
      control.join(""),
      "x".repeat(100_000),
    ];
    for (const text of texts) assert.equal(overTheWire(text), text, JSON.stringify(text.slice(0, 40)));
  });

  it("carries all bytes unchanged", () => {
    const bytes = [Buffer.alloc(0), Buffer.from(Array.from({ length: 256 }, (_, code) => code)), Buffer.from("text")];
    for (const payload of bytes) assert.deepEqual(overTheWire(payload), payload);
    assert.deepEqual(overTheWire(new Uint8Array(bytes[1]!.buffer, bytes[1]!.byteOffset + 1, 2)), Buffer.from([1, 2]));
  });

  it("has no payload without a body or data of ours", () => {
    const message = new Element("message", attributes);
    message.append(
      "text",
      new Element("body", { xmlns: "urn:example" }),
      new Element("data", { xmlns: "urn:example" }),
    );
    assert.equal(messagePayload(message), undefined);
  });

  it("may say the namespace of its body", () => {
    const message = new Element("message", { ...attributes, xmlns: "jabber:client" });
    message.append(new Element("body", { xmlns: "jabber:client" }).t("text"));
    assert.equal(messagePayload(message), "text");
  });
});
