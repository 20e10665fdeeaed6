/**
 * What stands around a payload on each wire, in bytes, as arithmetic from the documents: nothing here looks at what is sent.
 * Payloads are text that no wire escapes, or any bytes. Heads of HTTP messages, TLS and TCP/IP are not counted: they depend
 * on who speaks.
 */
import type { Direction, PayloadForm } from "../contract.ts";

/** RFC 4648 section 4: four characters for every three bytes begun. */
export const base64Bytes = (bytes: number): number => 4 * Math.ceil(bytes / 3);

const base64Growth = (bytes: number): number => base64Bytes(bytes) - bytes;

/** RFC 6455 section 5.2: 7 bits of length, or 16 more, or 64 more; section 5.3: a mask on the way to the server. */
export const webSocketFraming = (carriedBytes: number, direction: Direction): number =>
  2 + (carriedBytes <= 125 ? 0 : carriedBytes <= 65_535 ? 2 : 8) + (direction === "up" ? 4 : 0);

/** RFC 9112 section 7.1: the size in hexadecimal and two line ends around the data. */
export const chunkFraming = (dataBytes: number): number => dataBytes.toString(16).length + "\r\n\r\n".length;

/** A JSON string (RFC 8259 section 7), or `{"base64":"..."}`. */
export const jsonFraming = (form: PayloadForm, bytes: number): number =>
  form === "text" ? '""'.length : '{"base64":""}'.length + base64Growth(bytes);

/** One message in an array, as the body of a request. */
export const postFraming = (form: PayloadForm, bytes: number): number => "[]".length + jsonFraming(form, bytes);

/** One message with a cursor of one digit, as the body of a response. */
export const batchFraming = (form: PayloadForm, bytes: number): number =>
  '{"cursor":1,"messages":[]}'.length + jsonFraming(form, bytes);

/** WHATWG HTML section 9.2.5, in a chunk of its own. */
export function eventFraming(form: PayloadForm, bytes: number): number {
  const around =
    form === "text"
      ? "data: \n\n".length + jsonFraming("text", bytes)
      : "event: binary\ndata: \n\n".length + base64Growth(bytes);
  return around + chunkFraming(bytes + around);
}

/** RFC 6120 section 8.2.1: a body, or base64 in extended content. `attributes` as they stand in the tag, without spaces around. */
export const stanzaFraming = (form: PayloadForm, bytes: number, attributes: string): number =>
  `<message ${attributes}></message>`.length +
  (form === "text"
    ? "<body></body>".length
    : '<data xmlns="urn:wirebench:data:0"></data>'.length + base64Growth(bytes));

/** XEP-0124 section 5: a body around the stanza; a request says its number, here of 15 digits, and its session, of 24 letters. */
export const boshFraming = (direction: Direction): number =>
  '<body xmlns="http://jabber.org/protocol/httpbind"></body>'.length +
  (direction === "up" ? ' rid="" sid=""'.length + 15 + 24 : 0);
