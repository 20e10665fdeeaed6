import assert from "node:assert/strict";
import { test } from "node:test";
import { base64Bytes } from "../../../protocol/wires/framing-bytes.ts";
import { protocolNamed } from "../../targets/protocols.ts";
import { bytestreamBytes, messageBytes } from "./expected-bytes.ts";

const traitsOf = (name: string) => protocolNamed(name).server.traits;

test("base64 takes four bytes for three, begun or not", () => {
  for (const bytes of [0, 1, 2, 3, 4, 4096, 65_535]) {
    assert.equal(base64Bytes(bytes), Buffer.alloc(bytes).toString("base64").length);
  }
});

test("a frame carries bytes as they are, a stanza in base64, a request may carry nothing", () => {
  assert.deepEqual(messageBytes(traitsOf("websocket"), 1024), { low: 1026, high: 1038 });
  assert.deepEqual(messageBytes(traitsOf("xmpp"), 1024), { low: 1368 + 50, high: 1368 + 600 });
  assert.deepEqual(messageBytes(traitsOf("long-polling"), 1024), { low: 1368 });
});

test("a bytestream pays for every block, and twice where it is acknowledged", () => {
  const blocks = (acknowledged: boolean) =>
    bytestreamBytes(traitsOf("xmpp"), 10_000, { blockBytes: 4096, acknowledged });
  const encoded = 2 * base64Bytes(4096) + base64Bytes(10_000 - 2 * 4096);
  assert.deepEqual(blocks(true), { low: encoded + 3 * 140 + 2 * 140, high: encoded + 3 * 900 + 2 * 900 });
  assert.deepEqual(blocks(false), { low: encoded + 3 * 100 + 2 * 140, high: encoded + 3 * 600 + 2 * 900 });
});

test("half the block size costs more than the largest may", () => {
  const half = bytestreamBytes(traitsOf("xmpp"), 2 ** 18, { blockBytes: 4096, acknowledged: true });
  const large = bytestreamBytes(traitsOf("xmpp"), 2 ** 18, { blockBytes: 65_535, acknowledged: true });
  assert.ok(half.low > large.high!);
});
