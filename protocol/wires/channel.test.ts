import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DeliveryHead,
  decodeNodeMessage,
  encodeDelivery,
  encodeNodeMessage,
  encodePublication,
  readDeliveryHead,
} from "./channel.ts";

const message = (changes: Record<string, unknown> = {}) => ({
  publisher: 3,
  sequence: 17,
  scheduledNs: 1.5e15,
  sentNs: 1.5e15 + 1,
  filler: "xxx",
  ...changes,
});

/** What parsing the whole text says. */
function parsedHead(text: string): DeliveryHead | undefined {
  const parsed = decodeNodeMessage(text);
  if (parsed?.type !== "delivery") return undefined;
  const { publisher, sequence } = parsed.message;
  return { publisher, sequence, ...(parsed.position !== undefined && { position: parsed.position }) };
}

test("the head of a delivery is read without parsing it, with and without a position", () => {
  for (const position of [undefined, "", "0", "1732-0", "a:b,c}"]) {
    for (const filler of ["", "x", '"}}', '{"type":"gap"}', "\\"]) {
      const text = encodeDelivery(encodePublication({ from: "node-1", message: message({ filler }) }), position);
      const head = readDeliveryHead(text);
      assert.deepEqual(head, { publisher: 3, sequence: 17, ...(position !== undefined && { position }) });
      assert.deepEqual(head, parsedHead(text));
    }
  }
});

test("what is laid out in another way is left to the parser, never read wrongly", () => {
  const publication = (changes: object): string => JSON.stringify({ from: "n", message: message(), ...changes });
  for (const text of [
    encodeDelivery(publication({ from: 'a"b' }), undefined),
    encodeDelivery(publication({ from: "a\\" }), undefined),
    encodeDelivery(publication({}), 'p"1'),
    encodeDelivery(publication({}), "p\n1"),
    JSON.stringify({ type: "delivery", message: message(), from: "n" }),
    JSON.stringify({ type: "delivery", from: "n", position: "p", message: message() }),
    ` ${encodeDelivery(publication({}), undefined)}`,
    encodeDelivery(publication({}), undefined).replace(":17,", ": 17,"),
  ]) {
    assert.equal(readDeliveryHead(text), undefined, text);
    assert.deepEqual([parsedHead(text)?.publisher, parsedHead(text)?.sequence], [3, 17], text);
  }
});

test("what is no delivery, or has no numbers that count, has no head", () => {
  const good = encodeDelivery(encodePublication({ from: "n", message: message() }), "p");
  for (const text of [
    "",
    "{}",
    encodeNodeMessage({ type: "gap" }),
    encodeNodeMessage({ type: "accepted", sequence: 1 }),
    good.slice(0, -1),
    good.slice(0, 30),
    good.replace(":17,", ":1.5,"),
    good.replace(":17,", ":1e3,"),
    good.replace(":17,", ":-1,"),
    good.replace(":17,", ":017,"),
    good.replace(":17,", ":,"),
    good.replace(":17,", ":9007199254740993,"),
    good.replace(":3,", ":null,"),
  ]) {
    assert.equal(readDeliveryHead(text), undefined, text);
  }
  assert.equal(readDeliveryHead(new TextEncoder().encode(good)), undefined, "messages of a channel are text");
});

test("every beginning of a delivery is read as nothing", () => {
  const text = encodeDelivery(encodePublication({ from: "node-1", message: message() }), "p");
  for (let length = 0; length < text.length; length++) assert.equal(readDeliveryHead(text.slice(0, length)), undefined);
});

test("a delivery without a message is refused", () => {
  for (const bad of [
    {},
    { message: {} },
    { message: message({ publisher: "3" }) },
    { message: message({ sequence: 0.5 }) },
  ]) {
    assert.equal(decodeNodeMessage(JSON.stringify({ type: "delivery", from: "n", ...bad })), undefined);
  }
});
