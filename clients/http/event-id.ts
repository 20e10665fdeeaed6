/** What a client remembers of an event stream for the one that follows it (WHATWG HTML sections 9.2.4 and 9.2.6). */
import { reconnectionBounds } from "../../protocol/options/retry.ts";

/** A request header field has to carry it, and servers bound those. */
const idBytesMax = 1024;
/** All but what a field value cannot have (RFC 9110 section 5.5): NUL makes an id none, and the others could not be sent. */
const sendable = /^[^\p{Cc}]*$/u;

/** Whether an event's id is kept; one that is not leaves the last one as it was. */
export const isEventId = (id: string): boolean =>
  id.length <= idBytesMax && Buffer.byteLength(id) <= idBytesMax && sendable.test(id);

/** Request header fields of a stream that goes on after an event. The id is sent as UTF-8, each byte of it a character here. */
export const lastEventHeader = (id: string | undefined): Readonly<Record<string, string>> =>
  id === undefined ? {} : { "last-event-id": Buffer.from(id).toString("latin1") };

/** Value of a `retry` field, in milliseconds and within bounds; undefined for one that says nothing. */
export const reconnectionMs = (value: string): number | undefined =>
  /^[0-9]+$/.test(value)
    ? Math.min(Math.max(Number(value), reconnectionBounds.leastMs), reconnectionBounds.mostMs)
    : undefined;
