import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MessageCodec } from "../../../protocol/messages/message.ts";
import { MessageFinder, Unmasker } from "./finder.ts";

const codec = new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });
const message = (sequence: number): string => String(codec.encode("data", 3, sequence, 12e9, 12e9 + 5));
const headerOf = (text: string): string => text.slice(0, 39);

test("finds each message in the turn of its last byte, wherever the bytes are cut", () => {
  const messages = [message(1), message(2), message(3)];
  const bytes = Buffer.from(messages.map((text) => `data: "${text}"\n\n`).join(""));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const finder = new MessageFinder(64);
    const first = finder.push(bytes.subarray(0, cut));
    const ended = messages.filter((text) => bytes.indexOf(text) + text.length <= cut);
    assert.deepEqual(first, ended.map(headerOf), `cut at ${cut}`);
    assert.deepEqual([...first, ...finder.push(bytes.subarray(cut))], messages.map(headerOf));
  }
});

test("finds nothing in what is no message", () => {
  assert.deepEqual(new MessageFinder(64).push(Buffer.from(`m${"1".repeat(37)}x`.repeat(9))), []);
});

/** RFC 6455 section 5.2, with a mask. */
function masked(payload: string): Buffer {
  const mask = Buffer.from([1, 2, 3, 255]);
  const length = payload.length < 126 ? Buffer.from([payload.length | 0x80]) : Buffer.from([126 | 0x80, 0, 0]);
  if (length.length === 3) length.writeUInt16BE(payload.length, 1);
  const body = Buffer.from(payload).map((byte, index) => byte ^ mask[index % 4]!);
  return Buffer.concat([Buffer.from([0x81]), length, mask, body]);
}

test("undoes a WebSocket client's mask, wherever the bytes are cut", () => {
  const texts = ["short", "longer ".repeat(40), "last"];
  const bytes = Buffer.concat([Buffer.from("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), ...texts.map(masked)]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const unmasker = new Unmasker();
    const parts = [unmasker.push(bytes.subarray(0, cut)), unmasker.push(bytes.subarray(cut))];
    assert.equal(Buffer.concat(parts).toString(), texts.join(""), `cut at ${cut}`);
  }
});

test("the observer shares neither the harness's recording nor its results", () => {
  for (const file of ["finder.ts", "relay.ts"]) {
    const source = readFileSync(new URL(file, import.meta.url), "utf8");
    assert.doesNotMatch(source, /from "[^"]*\/(load|results|clients|servers|protocol)\//);
  }
});
