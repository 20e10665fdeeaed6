import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  decodeBase64,
  decodeBatch,
  decodeMessage,
  decodeMessages,
  decodeUtf8,
  encodeBase64,
  encodeBatch,
  encodeMessage,
  encodeMessages,
  MessageRefused,
  parseJson,
} from "./json-message.ts";
import { encodedBytesMax } from "./payload.ts";

const limit = 1024;
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const refuses = (run: () => unknown, reason: RegExp, tooLarge = false): void =>
  assert.throws(
    run,
    (error) => error instanceof MessageRefused && error.tooLarge === tooLarge && reason.test(error.message),
  );

describe("a message in JSON", () => {
  for (const text of [
    "",
    "\0",
    "\r\n\r\n",
    'quotes " and \\',
    "\u2028\u2029",
    "😀 ünï",
    "data: x\n\nevent: y",
    "\ufeffBOM",
  ]) {
    it(`keeps the text ${JSON.stringify(text)}`, () => {
      const encoded = encodeMessage(text);
      assert.equal(decodeMessage(parseJson(decodeUtf8(Buffer.from(encoded))), limit), text);
      assert.doesNotMatch(encoded, /[\r\n]/);
    });
  }

  it("keeps every byte of a binary payload, and that it is binary", () => {
    assert.deepEqual(decodeMessage(parseJson(encodeMessage(everyByte)), limit), everyByte);
    assert.deepEqual(decodeMessage(parseJson(encodeMessage(new Uint8Array(0))), limit), Buffer.alloc(0));
    assert.deepEqual(decodeBase64(encodeBase64(everyByte.subarray(3, 8)), limit), everyByte.subarray(3, 8));
  });

  it("writes a lone surrogate as U+FFFD, as UTF-8 does", () => {
    assert.equal(decodeMessage(parseJson(encodeMessage("a\ud800b")), limit), "a\ufffdb");
  });

  it("stays within the encoded bound at its worst", () => {
    const worst = "\u0001".repeat(limit);
    assert.ok(Buffer.byteLength(encodeMessages([encodeMessage(worst)])) <= encodedBytesMax(limit));
  });

  it("is bounded in UTF-8 bytes", () => {
    assert.equal(decodeMessage("x".repeat(limit), limit), "x".repeat(limit));
    refuses(() => decodeMessage("x".repeat(limit + 1), limit), /1025 bytes is over the limit of 1024/, true);
    refuses(() => decodeMessage("€".repeat(342), limit), /1026 bytes/, true);
    refuses(() => decodeMessage({ base64: Buffer.alloc(limit + 1).toString("base64") }, limit), /1025 bytes/, true);
  });

  for (const value of [null, 1, true, [], {}, { base64: 1 }, { base64: "", more: 1 }, { text: "x" }]) {
    it(`is not ${JSON.stringify(value)}`, () => refuses(() => decodeMessage(value, limit), /expected a message/));
  }

  it("is not a lone surrogate", () => refuses(() => decodeMessage("\ud800", limit), /lone surrogate/));

  for (const text of ["A", "AAA", "AA=A", "====", "AAA-", "AAAA\n", "AA A"]) {
    it(`is not the base64 ${JSON.stringify(text)}`, () =>
      refuses(() => decodeMessage({ base64: text }, limit), /base64/));
  }
});

describe("a batch of messages", () => {
  it("keeps order and kinds", () => {
    const payloads = ["one", everyByte, "three"];
    const encoded = payloads.map(encodeMessage);
    assert.deepEqual(decodeMessages(parseJson(encodeMessages(encoded)), limit), payloads);
    assert.deepEqual(decodeBatch(parseJson(encodeBatch(7, encoded)), limit), { cursor: 7, messages: payloads });
    assert.deepEqual(decodeBatch(parseJson(encodeBatch(0, [])), limit), { cursor: 0, messages: [] });
  });

  it("is refused as a whole for one bad message", () => {
    refuses(() => decodeMessages(["good", 1], limit), /expected a message/);
  });

  it("is refused for anything else", () => {
    refuses(() => decodeMessages({ messages: [] }, limit), /array/);
    for (const value of [null, [], "x", {}, { cursor: "1", messages: [] }, { cursor: 1.5, messages: [] }]) {
      refuses(() => decodeBatch(value, limit), /cursor/);
    }
    refuses(() => decodeBatch({ cursor: 1 }, limit), /array/);
  });

  it("is refused for bytes that are not UTF-8 and text that is not JSON", () => {
    refuses(() => decodeUtf8(Buffer.from([0x22, 0xff, 0x22])), /UTF-8/);
    refuses(() => parseJson("[1,"), /JSON/);
    refuses(() => decodeMessages(parseJson("[".repeat(100_000) + "]".repeat(100_000)), limit), /expected a message/);
  });
});
