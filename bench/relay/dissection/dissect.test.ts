import assert from "node:assert/strict";
import { test } from "node:test";
import { type Carrier, dissect, tlsParts } from "./dissect.ts";

const payload = { bytes: Buffer.from("forty bytes of payload or whatever it is"), isEncoded: false };

/** Layer and bytes, part by part. */
const partsOf = (bytes: Buffer, carrier: Carrier): [string, string][] =>
  dissect(bytes, carrier, payload).map(({ layer, bytes: own }) => [layer, own.toString("latin1")]);

test("heads of HTTP, chunks, and what is around a payload in them are told apart", () => {
  const event = `data: "${payload.bytes}"\n\n`;
  const chunk = `${event.length.toString(16)}\r\n${event}\r\n`;
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const ofChunk = [
    ["framing", `${event.length.toString(16)}\r\n`],
    ["framing", 'data: "'],
    ["payload", String(payload.bytes)],
    ["framing", '"\n\n'],
    ["framing", "\r\n"],
  ];
  assert.deepEqual(partsOf(Buffer.from(head + chunk), "requests"), [["http", head], ...ofChunk]);
  assert.deepEqual(partsOf(Buffer.from(chunk), "requests"), ofChunk, "of a response that began before");
});

test("requests on one connection follow each other by their lengths", () => {
  const body = `["${payload.bytes}"]`;
  const post = `POST /messages HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`;
  const get = "GET /messages?after=1 HTTP/1.1\r\n\r\n";
  assert.deepEqual(partsOf(Buffer.from(post + body + get), "requests"), [
    ["http", post],
    ["framing", '["'],
    ["payload", String(payload.bytes)],
    ["framing", '"]'],
    ["http", get],
  ]);
});

test("the payload of a masked frame is found under its mask, and shown as it was sent", () => {
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(payload.bytes.map((byte, index) => byte ^ mask[index % 4]!));
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | masked.length]), mask, masked]);
  assert.deepEqual(
    dissect(frame, "frames", payload).map(({ layer, bytes }) => [layer, bytes.toString("hex")]),
    [
      ["framing", frame.subarray(0, 2).toString("hex")],
      ["framing", mask.toString("hex")],
      ["payload", masked.toString("hex")],
    ],
  );
});

test("no byte is lost or told twice, however the bytes are cut short", () => {
  const texts: readonly (readonly [Carrier, Buffer])[] = [
    ["requests", Buffer.from(`POST / HTTP/1.1\r\ncontent-length: 42\r\n\r\n"${payload.bytes}"`)],
    ["requests", Buffer.from(`2a\r\n"${payload.bytes}"\r\n0\r\n\r\n`)],
    ["frames", Buffer.concat([Buffer.from([0x82, payload.bytes.length]), payload.bytes])],
    ["stream", Buffer.concat([Buffer.from([0, 0, 0, 40, 0]), payload.bytes])],
  ];
  for (const [carrier, whole] of texts) {
    for (let length = 2; length <= whole.length; length++) {
      const bytes = whole.subarray(0, length);
      const told = Buffer.concat(dissect(bytes, carrier, payload).map((part) => part.bytes));
      assert.deepEqual(told, bytes, `${carrier}, ${length} bytes`);
    }
  }
});

test("TLS is told record by record", () => {
  const record = (bytes: number): Buffer => Buffer.concat([Buffer.from([23, 3, 3, 0, bytes]), Buffer.alloc(bytes)]);
  const parts = tlsParts(Buffer.concat([record(30), record(50)]));
  assert.deepEqual(
    parts.map(({ bytes }) => bytes.length),
    [5, 30, 5, 50],
  );
});
