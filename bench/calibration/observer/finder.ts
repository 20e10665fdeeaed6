/**
 * Finds the harness's messages in the bytes of a connection, whatever protocol carries them: their header is 39
 * characters of text that nothing else on a wire looks like, and no wire escapes or breaks up what follows it. So the
 * observer knows the message and no protocol; the one thing it must undo is the mask of a WebSocket client.
 */
const headerChars = 39;
const header = /[meau]\d{38}/g;

/** Cuts nothing: it reads along, one direction of one connection. */
export class MessageFinder {
  readonly #payloadBytes: number;
  #rest = "";

  constructor(payloadBytes: number) {
    this.#payloadBytes = payloadBytes;
  }

  /** Headers of the messages whose last byte is among these. */
  push(bytes: Buffer): string[] {
    const text = this.#rest + bytes.toString("latin1");
    const found: string[] = [];
    let from = 0;
    for (;;) {
      header.lastIndex = from;
      const start = header.exec(text)?.index;
      if (start === undefined) {
        this.#rest = text.slice(Math.max(from, text.length - headerChars + 1));
        return found;
      }
      if (text.length < start + this.#payloadBytes) {
        this.#rest = text.slice(start);
        return found;
      }
      found.push(text.slice(start, start + headerChars));
      from = start + this.#payloadBytes;
    }
  }
}

/** What a WebSocket client meant by its bytes (RFC 6455 section 5.3): the payloads of the frames that are complete. */
export class Unmasker {
  #upgraded = false;
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#upgraded) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end < 0) return Buffer.alloc(0);
      this.#upgraded = true;
      this.#rest = this.#rest.subarray(end + 4);
    }
    const payloads: Buffer[] = [];
    for (let payload = this.#nextPayload(); payload !== undefined; payload = this.#nextPayload())
      payloads.push(payload);
    return Buffer.concat(payloads);
  }

  #nextPayload(): Buffer | undefined {
    const bytes = this.#rest;
    if (bytes.length < 2) return undefined;
    const short = bytes[1]! & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskBytes = (bytes[1]! & 0x80) === 0 ? 0 : 4;
    const from = 2 + lengthBytes + maskBytes;
    if (bytes.length < from) return undefined;
    const length = lengthBytes === 0 ? short : bytes.readUIntBE(lengthBytes === 2 ? 2 : 4, lengthBytes === 2 ? 2 : 6);
    if (bytes.length < from + length) return undefined;
    const payload = Buffer.from(bytes.subarray(from, from + length));
    if (maskBytes > 0) for (let i = 0; i < length; i++) payload[i]! ^= bytes[from - 4 + (i % 4)]!;
    this.#rest = bytes.subarray(from + length);
    return payload;
  }
}
