import assert from "node:assert/strict";
import { test } from "node:test";
import { protocols } from "../../targets/protocols.ts";
import { framingOf } from "./framing.ts";
import { compareBytes, framedSizesBytes } from "./wire-bytes.ts";

const framing = (specification: string) => {
  const traits = protocols.map(({ server }) => server.traits).find((one) => one.specification === specification);
  return framingOf(traits!)!;
};

test("computes the lengths of RFC 6455: 2, 4 or 10 bytes of header, and a mask on the way to the server", () => {
  const { sent, received } = framing("RFC 6455");
  assert.deepEqual(
    framedSizesBytes.map((bytes) => received("text", bytes) - bytes),
    [2, 2, 4, 4, 10],
  );
  assert.deepEqual(
    framedSizesBytes.map((bytes) => sent("binary", bytes) - bytes),
    [6, 6, 8, 8, 14],
  );
});

test("computes events and their chunks from the text that travels", () => {
  const event = `data: "${"a".repeat(64)}"\n\n`;
  const chunk = `${event.length.toString(16)}\r\n${event}\r\n`;
  assert.equal(framing("WHATWG HTML 9.2").received("text", 64), chunk.length);
});

test("passes bytes that are right to the last one, and misses one too many or too few", () => {
  const webSocket = framing("RFC 6455");
  const right = framedSizesBytes.map((bytes) => webSocket.sent("text", bytes));
  const verdict = (measured: number[]) => compareBytes("W", "text", "sent", webSocket, measured).verdict;
  assert.equal(verdict(right), "passed");
  for (const index of right.keys()) {
    assert.equal(verdict(right.with(index, right[index]! + 1)), "failed");
    assert.equal(verdict(right.with(index, right[index]! - 1)), "failed");
  }
});

test("holds what no size changes to be the same for every size", () => {
  const http = framing("RFC 6202");
  const measured = framedSizesBytes.map((bytes) => http.sent("binary", bytes) + 303);
  const verdict = (bytes: number[]) => compareBytes("L", "binary", "sent", http, bytes).verdict;
  assert.equal(verdict(measured), "passed");
  assert.equal(verdict(measured.with(3, measured[3]! + 1)), "failed");
});
