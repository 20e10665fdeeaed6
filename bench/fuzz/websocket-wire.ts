import type { Element } from "@xmpp/xml";
import { XmppFrameParser } from "../../protocol/wires/xmpp-frame-parser.ts";
import type { Reading, Wire } from "./wire.ts";

const framing = "urn:ietf:params:xml:ns:xmpp-framing";
const opcodes = { text: 1, close: 8 } as const;

/** An element in each frame of a WebSocket (RFC 7395), after the upgrade. */
export const webSocketWire = (url: string): Wire => ({
  opening: Buffer.from(
    `GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
  ),
  encode: (piece) => frame(framed(piece)),
  read,
  isUnfinished(sent, _successAt, sentinel) {
    const { frames } = framesIn(sent.subarray(headEnd(sent)));
    const asked = frames.findIndex(({ payload }) => payload.includes(`id='${sentinel}'`));
    // In a fragment it is not said before the last one of its message (RFC 6455 section 5.4).
    return asked === -1 || !frames.slice(asked).some(({ isFinal }) => isFinal);
  },
});

/** A piece as RFC 7395 has it: the stream's header and end are elements, and each element says its namespace. */
function framed(piece: string): string {
  const to = /^(?:<\?xml[^>]*>)?<stream:stream [^>]*\bto='([^']*)' version='1.0'>$/.exec(piece)?.[1];
  if (to !== undefined) return `<open xmlns='${framing}' to='${to}' version='1.0'/>`;
  if (piece === "</stream:stream>") return `<close xmlns='${framing}'/>`;
  return /^<[^>]*\sxmlns=/.test(piece)
    ? piece
    : piece.replace(/^<[^\s/>]+/, (start) => `${start} xmlns='jabber:client'`);
}

/** One text frame, masked with zeros (RFC 6455 section 5.2). */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  header[0] = 0x80 | opcodes.text;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 8) header.writeUInt16BE(length, 2);
  else if (header.length === 14) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

const headEnd = (bytes: Buffer): number => bytes.indexOf("\r\n\r\n") + 4;

interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The frames of either side, as far as they are whole. */
function framesIn(bytes: Buffer): { readonly frames: readonly Frame[]; readonly isWhole: boolean } {
  const frames: Frame[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const masked = (bytes[at + 1]! & 0x80) !== 0;
    let length = bytes[at + 1]! & 0x7f;
    let start = at + 2;
    if (length === 126) {
      if (start + 2 > bytes.length) break;
      length = bytes.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      if (start + 8 > bytes.length) break;
      length = Number(bytes.readBigUInt64BE(start));
      start += 8;
    }
    const mask = masked ? bytes.subarray(start, start + 4) : Buffer.alloc(4);
    if (masked) start += 4;
    if (start + length > bytes.length) break;
    const payload = Buffer.from(bytes.subarray(start, start + length).map((byte, index) => byte ^ mask[index % 4]!));
    frames.push({ isFinal: (bytes[at]! & 0x80) !== 0, opcode: bytes[at]! & 0x0f, payload });
    at = start + length;
  }
  return { frames, isWhole: at === bytes.length };
}

function read(heard: Buffer): Reading {
  const elements: Element[] = [];
  let ended = false;
  let refusal: string | undefined;
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(heard.toString("latin1", 0, 20))?.[1];
  if (status !== "101") {
    return {
      elements,
      ended,
      refusal: status && `HTTP ${status}`,
      fault: status ? undefined : "no answer to the upgrade",
    };
  }
  const { frames, isWhole } = framesIn(heard.subarray(headEnd(heard)));
  const parser = new XmppFrameParser();
  parser.frameBytesMax = heard.length + 1;
  for (const { opcode, payload } of frames) {
    if (opcode === opcodes.close) refusal = `close code ${payload.length >= 2 ? payload.readUInt16BE(0) : "none"}`;
    if (opcode !== opcodes.text) continue;
    if (ended) return { elements, ended, fault: "an element after the end of the stream" };
    try {
      const element = parser.parse(payload.toString());
      if (element.is("close", framing)) ended = true;
      else if (!element.is("open", framing)) elements.push(element);
    } catch (error) {
      return { elements, ended, fault: String(error) };
    }
  }
  return { elements, ended, refusal, fault: isWhole ? undefined : "half a frame" };
}
