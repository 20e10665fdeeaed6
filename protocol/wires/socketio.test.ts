import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeNodePacket, encodeConnect, encodeText } from "./socketio.ts";

/** Frames of a node, and what a user is to read of them. */
const frames: readonly (readonly [frame: string, read: Record<string, unknown>])[] = [
  ['0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}', { type: "open" }],
  ["2", { type: "ping" }],
  ['40{"sid":"b"}', { type: "connected", pid: undefined }],
  ['40{"sid":"b","pid":"p"}', { type: "connected", pid: "p" }],
  ['44{"message":"no room"}', { type: "refused", reason: "no room" }],
  ["41", { type: "disconnected" }],
  ['42["m","d,1,a,0,0,x"]', { type: "text", text: "d,1,a,0,0,x", offset: undefined }],
  ['42["m","d,1,a,0,0,x","17-0"]', { type: "text", text: "d,1,a,0,0,x", offset: "17-0" }],
  ['42["m","\\"\\\\\\n","17-0"]', { type: "text", text: '"\\\n', offset: "17-0" }],
  ['42["m","gr\u00fc\u00dfe"]', { type: "text", text: "gr\u00fc\u00dfe", offset: undefined }],
  ['42["m",""]', { type: "text", text: "", offset: undefined }],
  ['4317["{\\"type\\":\\"gap\\"}"]', { type: "text", text: '{"type":"gap"}', offset: undefined }],
  ['42["m",17]', { type: "unknown" }],
  ['42["m","x', { type: "unknown" }],
  ['42["m","x",', { type: "unknown" }],
  ['42["other","x"]', { type: "unknown" }],
  ["43x", { type: "unknown" }],
  ["6", { type: "unknown" }],
  ["", { type: "unknown" }],
];

describe("frames of a Socket.IO node", () => {
  for (const [frame, read] of frames) {
    it(`${frame === "" ? "nothing" : frame} is read`, () => {
      const packet = decodeNodePacket(Buffer.from(frame));
      assert.deepEqual(packet.type === "text" ? { ...packet, text: packet.text.toString() } : packet, read);
    });
  }
});

it("a user asks to be let in, or for what it missed, and for an answer to each text", () => {
  assert.equal(encodeConnect(undefined), "40");
  assert.equal(encodeConnect({ pid: "p", offset: "1-0" }), '40{"pid":"p","offset":"1-0"}');
  assert.equal(encodeText(3, 'a"b'), '423["m","a\\"b"]');
});
