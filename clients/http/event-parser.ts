/** WHATWG HTML section 9.2.6 on bytes: a line is decoded only where it is data that somebody wants. */
import { isEventId, reconnectionMs } from "./event-id.ts";

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const colon = 58;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

export class EventParser {
  readonly #eventBytesMax: number;
  readonly #event: (type: string, data: string, lastEventId: string) => void;
  readonly #tooLarge: (reason: string) => void;
  readonly #retry: (ms: number) => void;
  /** Of the line that is not complete yet. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #atStart = true;
  /** The last chunk ended with a carriage return, whose line feed may follow. */
  #afterReturn = false;
  #type = "";
  /** Of this event or, where it has none, of the last that had one. */
  #id = "";
  #data: string | undefined;
  #dataBytes = 0;
  #stopped = false;

  /**
   * `tooLarge` is called once for an event of more bytes, and nothing is parsed after it; `retry` for the time after which
   * the server asks those who lose the stream to come back, within bounds.
   */
  constructor(
    eventBytesMax: number,
    event: (type: string, data: string, lastEventId: string) => void,
    tooLarge: (reason: string) => void,
    retry: (ms: number) => void = () => {},
  ) {
    this.#eventBytesMax = eventBytesMax;
    this.#event = event;
    this.#tooLarge = tooLarge;
    this.#retry = retry;
  }

  push(bytes: Buffer): void {
    if (bytes.byteLength === 0 || this.#stopped) return;
    let at = this.#afterReturn && bytes[0] === lineFeed ? 1 : 0;
    this.#afterReturn = false;
    let nextReturn = bytes.indexOf(carriageReturn);
    while (!this.#stopped) {
      if (nextReturn !== -1 && nextReturn < at) nextReturn = bytes.indexOf(carriageReturn, at);
      const nextFeed = bytes.indexOf(lineFeed, at);
      const end = nextReturn === -1 ? nextFeed : nextFeed === -1 ? nextReturn : Math.min(nextFeed, nextReturn);
      if (end === -1) break;
      this.#endLine(bytes, at, end);
      at = end + 1;
      if (end !== nextReturn) continue;
      if (at === bytes.byteLength) this.#afterReturn = true;
      else if (bytes[at] === lineFeed) at++;
    }
    if (at < bytes.byteLength) this.#keep(bytes.subarray(at));
  }

  #keep(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    this.#bound(this.#pendingBytes);
  }

  #bound(bytes: number): void {
    if (this.#stopped || this.#dataBytes + bytes <= this.#eventBytesMax) return;
    this.#stopped = true;
    this.#pending = [];
    this.#tooLarge(`an event has more than ${this.#eventBytesMax} bytes`);
  }

  #endLine(bytes: Buffer, start: number, end: number): void {
    if (this.#pendingBytes === 0) {
      this.#line(bytes, start, end);
      return;
    }
    const line = Buffer.concat([...this.#pending, bytes.subarray(start, end)]);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#line(line, 0, line.byteLength);
  }

  #line(bytes: Buffer, from: number, end: number): void {
    let start = from;
    if (this.#atStart) {
      this.#atStart = false;
      const mark = bytes.subarray(start, Math.min(end, start + byteOrderMark.byteLength));
      if (mark.equals(byteOrderMark)) start += byteOrderMark.byteLength;
    }
    if (start === end) {
      this.#dispatch();
      return;
    }
    const found = bytes.subarray(start, Math.min(end, start + 6)).indexOf(colon);
    const nameEnd = found === -1 ? end : start + found;
    let value = Math.min(end, nameEnd + 1);
    if (value < end && bytes[value] === space) value++;
    // Comments have no name.
    const name = bytes.toString("latin1", start, Math.min(nameEnd, start + 6));
    if (name === "data") {
      this.#bound(end - value);
      this.#dataBytes += end - value;
      const text = bytes.toString("utf8", value, end);
      this.#data = this.#data === undefined ? text : `${this.#data}\n${text}`;
    } else if (name === "event") this.#type = bytes.toString("utf8", value, end);
    else if (name === "id") {
      const id = bytes.toString("utf8", value, end);
      if (isEventId(id)) this.#id = id;
    } else if (name === "retry") {
      const ms = reconnectionMs(bytes.toString("latin1", value, end));
      if (ms !== undefined) this.#retry(ms);
    }
  }

  #dispatch(): void {
    const [type, data] = [this.#type || "message", this.#data];
    this.#type = "";
    this.#data = undefined;
    this.#dataBytes = 0;
    if (data !== undefined) this.#event(type, data, this.#id);
  }
}
