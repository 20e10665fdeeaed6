import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Element, xml } from "@xmpp/xml";
import { type BlockOptions, InBandReceiver, sendInBand, ibbNamespace as xmlns } from "./in-band-bytestream.ts";

const from = "alice@localhost/a";

/** What a stanza is answered with, and what the receiver handed over. */
function receiverOf(bytesMax = 1_000_000) {
  const handed: Buffer[] = [];
  const receiver = new InBandReceiver(bytesMax, (bytes) => handed.push(bytes));
  const set = (child: Element): string => {
    const answer = receiver.receive(xml("iq", { type: "set", id: "1", from }, child)) as Element;
    assert.deepEqual([answer.attrs.id, answer.attrs.to], ["1", from]);
    return answer.getChild("error")?.getChildElements()[0]?.name ?? answer.attrs.type!;
  };
  const open = (attrs: Record<string, string> = {}) =>
    set(xml("open", { xmlns, sid: "s", "block-size": "4", ...attrs }));
  const data = (seq: string, base64: string) => set(xml("data", { xmlns, sid: "s", seq }, base64));
  const close = () => set(xml("close", { xmlns, sid: "s" }));
  return { handed, receiver, open, data, close };
}

/** Sends to a receiver as if there were no wire; what was sent, and what arrived. */
async function sent(bytes: Buffer, blocks: BlockOptions): Promise<{ stanzas: Element[]; handed: Buffer[] }> {
  const { handed, receiver } = receiverOf();
  const stanzas: Element[] = [];
  const deliver = (stanza: Element): Element | "taken" => {
    stanzas.push(stanza);
    stanza.attrs.from = from;
    return receiver.receive(stanza)!;
  };
  const session = {
    send: (stanza: Element) => void deliver(stanza),
    async request(iq: Element) {
      const answer = deliver(iq) as Element;
      assert.equal(answer.attrs.type, "result");
      return answer;
    },
  };
  await sendInBand(session, "bob@localhost/b", "s", bytes, blocks);
  return { stanzas, handed };
}

for (const stanza of ["iq", "message"] as const) {
  test(`bytes arrive unchanged in blocks of ${stanza} stanzas, whatever their number`, async () => {
    for (const size of [0, 1, 4095, 4096, 4097, 3 * 4096, 100_001]) {
      const bytes = randomBytes(size);
      const { stanzas, handed } = await sent(bytes, { blockBytes: 4096, stanza });
      assert.deepEqual(handed, [bytes]);
      assert.equal(
        stanzas.filter(({ name }) => name === stanza).length - (stanza === "iq" ? 2 : 0),
        Math.ceil(size / 4096),
      );
    }
  });
}

test("the numbers of blocks start again after 65535", async () => {
  const bytes = randomBytes(65_538);
  const { stanzas, handed } = await sent(bytes, { blockBytes: 1, stanza: "message" });
  assert.deepEqual(handed, [bytes]);
  const numbers = stanzas.flatMap((stanza) => stanza.getChild("data", xmlns)?.attrs.seq ?? []);
  assert.deepEqual(numbers.slice(65_534), ["65534", "65535", "0", "1"]);
});

test("a block out of sequence ends the stream, and nothing of it is handed over", () => {
  const { handed, open, data, close } = receiverOf();
  assert.equal(open(), "result");
  assert.equal(data("0", "AAAA"), "result");
  assert.equal(data("2", "AAAA"), "unexpected-request");
  assert.equal(data("1", "AAAA"), "item-not-found");
  assert.equal(close(), "item-not-found");
  assert.deepEqual(handed, []);
});

test("what is no block of the stream is refused", () => {
  for (const [seq, base64, condition] of [
    ["0", "AAA", "bad-request"],
    ["0", "A*AA", "bad-request"],
    ["0", "", "bad-request"],
    ["0", Buffer.alloc(5).toString("base64"), "bad-request"],
    ["00", "AAAA", "unexpected-request"],
  ] as const) {
    const { open, data } = receiverOf();
    open();
    assert.equal(data(seq, base64), condition, base64);
  }
});

test("a stream is opened once, with a block size there can be, and only so many at a time", () => {
  const { receiver, open } = receiverOf();
  assert.equal(open(), "result");
  assert.equal(open(), "not-acceptable");
  assert.equal(open({ sid: "t", "block-size": "65536" }), "resource-constraint");
  for (const blockSize of ["0", "-1", "x", "1.5"])
    assert.equal(open({ sid: "t", "block-size": blockSize }), "bad-request");
  assert.equal(open({ sid: "t", stanza: "presence" }), "not-acceptable");
  assert.equal(open({ sid: "" }), "bad-request");
  for (let stream = 1; stream < 16; stream++) assert.equal(open({ sid: `t${stream}` }), "result");
  assert.equal(open({ sid: "last" }), "resource-constraint");
  assert.equal(receiver.receive(xml("message", { from }, xml("body", {}, "hello"))), undefined);
});

test("a stream that grows beyond what a payload may have is ended", () => {
  const { open, data } = receiverOf(4);
  open();
  assert.equal(data("0", "AAAA"), "result");
  assert.equal(data("1", "AAAA"), "resource-constraint");
});
