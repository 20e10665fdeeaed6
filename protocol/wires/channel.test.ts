import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../random.ts";
import {
  type DeliveryHead,
  decodeNodeMessage,
  decodeUserMessage,
  deliveryKey,
  encodeDelivery,
  encodeNodeMessage,
  encodePublication,
  encodeUserMessage,
  isDelivery,
  messageKey,
  type NodeMessage,
  publicationKey,
  readDeliveryHead,
  type UserMessage,
} from "./channel.ts";

const message = (body = "xxx", publisher = 3, sequence = 17) => ({ publisher, sequence, body });
const publication = (body?: string, from = "node-1"): string => encodePublication({ from, message: message(body) });

test("every hop puts its own fields in front", () => {
  assert.equal(encodeUserMessage({ type: "publish", message: message() }), "p3,17,xxx");
  assert.equal(publication(), "6,node-1,3,17,xxx");
  assert.equal(encodeDelivery(publication(), "1732-0"), "d6,1732-0,6,node-1,3,17,xxx");
  assert.equal(encodeDelivery(publication(), undefined), "d,6,node-1,3,17,xxx");
});

const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

/** The same as `decodeNodeMessage`, out of the bytes. */
function readInPlace(text: string): unknown {
  const utf8 = Buffer.from(text);
  const head: DeliveryHead = { publisher: 0, sequence: 0, positionAt: 0, positionEnd: 0, bodyAt: 0 };
  if (!readDeliveryHead(utf8, head)) return undefined;
  assert.ok(isDelivery(utf8));
  const { publisher, sequence, positionAt, positionEnd, bodyAt } = head;
  const position = positionAt < 0 ? undefined : utf8.toString("utf8", positionAt, positionEnd);
  return { publisher, sequence, body: utf8.toString("utf8", bodyAt), position };
}

test("a delivery is read whatever its position, its node and its body hold", () => {
  for (const position of [undefined, "", "0", "1732-0", "a:b,c}", 'p"1', "p\n1", "12,", ",,,", "Ünï🦀"]) {
    for (const from of ["node-1", "", "1,", 'a"b', "a\\", "d3,"]) {
      for (const body of ["", "x", '"}}', '{"type":"gap"}', "\\", ",", "0,1,2"]) {
        const text = encodeDelivery(publication(body, from), position);
        const expected = {
          type: "delivery",
          from,
          message: message(body),
          ...(position !== undefined && { position }),
        };
        assert.deepEqual(decodeNodeMessage(text), expected, text);
        assert.equal(deliveryKey(text), messageKey(3, 17), text);
        assert.equal(publicationKey(publication(body, from)), messageKey(3, 17), text);
        assert.equal(encodeNodeMessage(expected as NodeMessage), text);
        assert.deepEqual(readInPlace(text), isAscii(text) ? { ...message(body), position } : undefined, text);
      }
    }
  }
});

test("a publication is read as it was sent, and control messages stay JSON", () => {
  for (const body of ["", "x", "1,2", '{"type":"step","request":1}']) {
    const publish: UserMessage = { type: "publish", message: message(body, 0, 999_999_999_999_999) };
    assert.deepEqual(decodeUserMessage(encodeUserMessage(publish)), publish);
  }
  const step: UserMessage = { type: "step", request: 7 };
  assert.equal(encodeUserMessage(step), '{"type":"step","request":7}');
  assert.deepEqual(decodeUserMessage(encodeUserMessage(step)), step);
  const accepted: NodeMessage = { type: "accepted", sequence: 1 };
  assert.deepEqual(decodeNodeMessage(encodeNodeMessage(accepted)), accepted);
});

test("what is no delivery, or has no numbers that count, is refused", () => {
  const good = encodeDelivery(publication(undefined, "n"), "p");
  assert.equal(good, "d1,p,1,n,3,17,xxx");
  for (const text of [
    "",
    "{}",
    ` ${good}`,
    good.slice(1),
    good.slice(0, 12),
    good.replace("d", "D"),
    good.replace(",17,", ",1.5,"),
    good.replace(",17,", ",1e3,"),
    good.replace(",17,", ",-1,"),
    good.replace(",17,", ",017,"),
    good.replace(",17,", ", 17,"),
    good.replace(",17,", ",,"),
    good.replace(",17,", ",9007199254740993,"),
    good.replace(",3,", ",null,"),
    good.replace("1,p,", "2,p,"),
    good.replace("1,p,", "0,p,"),
    good.replace("1,p,", "01,p,"),
    good.replace("1,n,", "999999999999999,n,"),
    good.replace("1,n,", "n,"),
    '{"type":"delivery","from":"n","message":{"publisher":3,"sequence":17,"body":"xxx"}}',
  ]) {
    assert.equal(decodeNodeMessage(text), undefined, text);
    assert.equal(readInPlace(text), undefined, text);
  }
  assert.equal(decodeNodeMessage(new TextEncoder().encode(good)), undefined, "messages of a channel are text");
  assert.equal(decodeUserMessage(new TextEncoder().encode("p3,17,xxx")), undefined);
});

test("every beginning of a delivery that ends before the body is read as nothing", () => {
  for (const position of [undefined, "p"]) {
    const text = encodeDelivery(publication(), position);
    for (let length = 0; length < text.length - 3; length++) {
      assert.equal(decodeNodeMessage(text.slice(0, length)), undefined);
    }
  }
});

test("an envelope without a message is refused", () => {
  for (const text of ["d", "d,", "d,1,n,", "d,1,n,3", "d,1,n,3,", "d,1,n,3,17", 'd,1,n,"3",17,x', "d,1,n,3,0.5,x"]) {
    assert.equal(decodeNodeMessage(text), undefined, text);
  }
  for (const text of ["p", "p,", "p3", "p3,", "p3,17", "p,17,x", 'p"3",17,x', "p3,0.5,x", "p3,-1,x"]) {
    assert.equal(decodeUserMessage(text), undefined, text);
  }
});

test("a damaged envelope never throws, and is refused or is exactly what it would be written as", () => {
  const random = seededRandom(7);
  const below = (count: number): number => Math.floor(random() * count);
  const characters = '0123456789,,,,dp-.+eE {}"\\\u0000\ud83e\uffff';
  const damage = (text: string): string => {
    const at = below(text.length + 1);
    const other = characters[below(characters.length)]!;
    switch (below(5)) {
      case 0:
        return text.slice(0, at) + other + text.slice(at + 1);
      case 1:
        return text.slice(0, at) + other + text.slice(at);
      case 2:
        return text.slice(0, at) + text.slice(at + 1 + below(3));
      case 3:
        return text.slice(0, at);
      default:
        return text.slice(0, at) + text.slice(below(text.length + 1));
    }
  };
  const seen = { refused: 0, read: 0 };
  for (let round = 0; round < 20_000; round++) {
    const position = [undefined, "", "1732-0", "9,9,"][below(4)];
    const from = ["n", "node-1", "1,2"][below(3)]!;
    let delivery = encodeDelivery(publication("m0,0", from), position);
    let publish = encodeUserMessage({ type: "publish", message: message("m0,0", below(300), below(1e6)) });
    for (let times = below(4); times >= 0; times--) [delivery, publish] = [damage(delivery), damage(publish)];
    const node = decodeNodeMessage(delivery);
    if (node !== undefined) assert.equal(encodeNodeMessage(node), delivery);
    if (isAscii(delivery)) {
      const read = node?.type === "delivery" ? { ...node.message, position: node.position } : undefined;
      assert.deepEqual(readInPlace(delivery), read, delivery);
    }
    const user = decodeUserMessage(publish);
    if (user !== undefined) assert.equal(encodeUserMessage(user), publish);
    for (const decoded of [node, user]) seen[decoded === undefined ? "refused" : "read"]++;
  }
  assert.ok(seen.refused > 1000 && seen.read > 1000, JSON.stringify(seen));
});

test("the key of a message tells it from all others, and nonsense has none", () => {
  const keys = [messageKey(0, 0), messageKey(0, 2 ** 32 - 1), messageKey(1, 0), messageKey(2 ** 21 - 1, 2 ** 32 - 1)];
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(keys.every(Number.isSafeInteger));
  for (const text of ["", "hello", "6,node-1", "6,node-1,3", "6,node-1,3,", "6,node-1,x,17,", "6,node-1,3,17"]) {
    assert.ok(Number.isNaN(publicationKey(text)), text);
  }
});
