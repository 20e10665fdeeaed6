/** The opening handshake of RFC 6455 section 4.1. */
import { createHash, randomBytes } from "node:crypto";
import type { Options } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { pageHeaders } from "../http/browser-headers.ts";

const headBytesMax = 16 * 1024;
const accepted = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const headEnd = Buffer.from("\r\n\r\n");
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/;

export interface Agreed {
  readonly setCookies: readonly string[];
  /** What already came after the head. */
  readonly rest: Buffer;
}

/** One handshake: the request, and the answer read piece by piece. */
export class Upgrade {
  /** What is to be sent, as Latin-1. */
  readonly request: string;
  readonly #accept: string;
  #head = Buffer.alloc(0);

  /** `options` are those of the target. */
  constructor(url: URL, cookie: string | undefined, options?: Options) {
    const key = randomBytes(16).toString("base64");
    this.#accept = createHash("sha1").update(`${key}${accepted}`).digest("base64");
    const { username, password } = url;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const lines = [
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      ...Object.entries(pageHeaders(options, "upgrade", url) ?? {}).map(([name, value]) => `${name}: ${value}`),
      ...(username === "" ? [] : [`Authorization: Basic ${Buffer.from(credentials).toString("base64")}`]),
      ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
    ];
    this.request = `${lines.join("\r\n")}\r\n\r\n`;
  }

  /** Undefined until the whole head is there. Throws `connect-failed` for one that agrees to nothing. */
  push(chunk: Buffer): Agreed | undefined {
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(headEnd);
    if (end > headBytesMax || (end === -1 && this.#head.byteLength > headBytesMax)) {
      throw refusal(`the answer to the handshake has a head of more than ${headBytesMax} bytes`);
    }
    if (end === -1) return undefined;
    const [statusLine, ...lines] = this.#head.toString("latin1", 0, end).split("\r\n");
    const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(statusLine!)?.[1];
    if (status === undefined) throw refusal("expected an answer in HTTP/1.1");
    if (status !== "101") throw refusal(`unexpected server response: ${status}`);
    const headers = Map.groupBy(lines.map(headerOf), ([name]) => name);
    const value = (name: string): string | undefined =>
      headers
        .get(name)
        ?.map(([, text]) => text)
        .join(", ");
    const names = (name: string): string[] => (value(name) ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
    if (!names("upgrade").includes("websocket")) throw refusal("invalid Upgrade header");
    if (!names("connection").includes("upgrade")) throw refusal("invalid Connection header");
    if (value("sec-websocket-accept") !== this.#accept) throw refusal("invalid Sec-WebSocket-Accept header");
    for (const unasked of ["sec-websocket-extensions", "sec-websocket-protocol"]) {
      if (headers.has(unasked)) throw refusal(`the server chose a ${unasked}, but none was requested`);
    }
    return {
      setCookies: (headers.get("set-cookie") ?? []).map(([, text]) => text),
      rest: this.#head.subarray(end + headEnd.byteLength),
    };
  }
}

function headerOf(line: string): readonly [name: string, value: string] {
  const [, name, value] = headerLine.exec(line) ?? [];
  if (name === undefined || value === undefined) throw refusal("a header of the answer is malformed");
  return [name.toLowerCase(), value];
}

const refusal = (message: string): WirebenchError => new WirebenchError("connect-failed", message);
