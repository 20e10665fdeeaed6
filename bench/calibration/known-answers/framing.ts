/**
 * How many bytes a message takes on the wire, computed from the documents and from nothing this project sends.
 * Lengths only: payloads are ASCII letters, which no wire escapes, or any bytes.
 */

import type { Traits } from "../../../protocol/contract.ts";
import type { PayloadKind } from "../../../protocol/messages/message.ts";

/** Bytes of one message and its echo, for a payload of so many bytes. */
export interface Framing {
  /** Everything is known: the numbers are the whole of it. Otherwise a part is added that no size changes. */
  readonly complete: boolean;
  readonly sent: (kind: PayloadKind, payloadBytes: number) => number;
  readonly received: (kind: PayloadKind, payloadBytes: number) => number;
}

/** RFC 4648 section 4: four characters for every three bytes begun. */
const base64Bytes = (bytes: number): number => 4 * Math.ceil(bytes / 3);

/** RFC 6455 section 5.2: 7 bits of length, or 16 more, or 64 more. */
const webSocketHeaderBytes = (payloadBytes: number): number =>
  2 + (payloadBytes <= 125 ? 0 : payloadBytes <= 65_535 ? 2 : 8);
const maskBytes = 4;

/** A JSON string (RFC 8259 section 7), or `{"base64":"..."}`. */
const jsonBytes = (kind: PayloadKind, bytes: number): number =>
  kind === "text" ? bytes + '""'.length : '{"base64":""}'.length + base64Bytes(bytes);

/** A body and the digits that tell its length in Content-Length (RFC 9110 section 8.6). */
const withLength = (bodyBytes: number): number => bodyBytes + String(bodyBytes).length;

/** RFC 9112 section 7.1: the size in hexadecimal and two line ends around the data. */
const chunkBytes = (bytes: number): number => bytes.toString(16).length + 2 + bytes + 2;

/** WHATWG HTML section 9.2.5. */
const eventBytes = (kind: PayloadKind, bytes: number): number =>
  kind === "text"
    ? "data: \n\n".length + jsonBytes("text", bytes)
    : "event: binary\ndata: \n\n".length + base64Bytes(bytes);

const postBytes = (kind: PayloadKind, bytes: number): number => withLength("[]".length + jsonBytes(kind, bytes));

const stanzaBytes = (kind: PayloadKind, bytes: number): number =>
  kind === "text"
    ? bytes
    : base64Bytes(bytes) + '<data xmlns="urn:wirebench:data:0"></data>'.length - "<body></body>".length;

const framings: Readonly<Record<string, Framing>> = {
  // The floor's own header, bench/wires/frame.ts: 4 bytes of length, 1 of kind.
  "RFC 9293": { complete: true, sent: (_, bytes) => 5 + bytes, received: (_, bytes) => 5 + bytes },
  "RFC 6455": {
    complete: true,
    sent: (_, bytes) => webSocketHeaderBytes(bytes) + maskBytes + bytes,
    received: (_, bytes) => webSocketHeaderBytes(bytes) + bytes,
  },
  "WHATWG HTML 9.2": {
    complete: false,
    sent: postBytes,
    received: (kind, bytes) => chunkBytes(eventBytes(kind, bytes)),
  },
  "RFC 6202": {
    complete: false,
    sent: postBytes,
    received: (kind, bytes) => withLength('{"cursor":1,"messages":[]}'.length + jsonBytes(kind, bytes)),
  },
  "RFC 6120": { complete: false, sent: stanzaBytes, received: stanzaBytes },
};

/** Undefined where the bytes of one message depend on when it is sent, as with polls by the clock, or are not known. */
export const framingOf = ({ specification }: Traits): Framing | undefined => framings[specification];
