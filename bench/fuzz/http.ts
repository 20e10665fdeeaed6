/** HTTP/1.1 as the fuzz says it, right and wrong, and as it hears it (RFC 9112). */
import type { Mutator } from "./mutations.ts";

/** One request as it is written. */
export interface HttpRequest {
  readonly bytes: Buffer;
  /** It begins and ends as HTTP has it, so that it must be answered whatever is in it. */
  readonly isWhole: boolean;
}

/** A response that was heard. */
export interface HttpResponse {
  readonly status: number;
  /** Its head, without the status line. */
  readonly headers: string;
  readonly body: string;
}

const lines = (...all: readonly string[]): Buffer => Buffer.from([...all, "", ""].join("\r\n"));

/** A POST that is right. */
export const httpRequest = (path: string, body: string): HttpRequest => ({
  bytes: Buffer.concat([
    lines(`POST ${path} HTTP/1.1`, "Host: x", `Content-Length: ${Buffer.byteLength(body)}`),
    Buffer.from(body),
  ]),
  isWhole: true,
});

/** A POST whose method, target, headers, length, chunks or bytes are mutated. */
export function mutatedRequest(mutator: Mutator, path: string, body: string): HttpRequest {
  const content = Buffer.from(body);
  const length = `Content-Length: ${content.length}`;
  const start = `POST ${path} HTTP/1.1`;
  const chunked = "Transfer-Encoding: chunked";
  const broken = (head: readonly string[], rest: Buffer = content): HttpRequest => ({
    bytes: Buffer.concat([lines(...head), rest]),
    isWhole: false,
  });
  const kind = mutator.below(9);
  if (kind === 0) return broken([`${mutator.oneOf(methods)} ${path} HTTP/1.1`, "Host: x", length]);
  if (kind === 1) return broken([`POST ${mutator.oneOf(targets)} HTTP/1.1`, "Host: x", length]);
  if (kind === 2) return broken([`POST ${path} ${mutator.oneOf(versions)}`, "Host: x", length]);
  if (kind === 3) return broken([start, "Host: x", mutator.oneOf(headers), length]);
  if (kind === 4) {
    const wrong = mutator.oneOf([...lengths, `${content.length + 1}`, `${Math.max(0, content.length - 1)}`]);
    return broken([start, "Host: x", `Content-Length: ${wrong}`, ...(mutator.below(3) === 0 ? [length] : [])]);
  }
  if (kind === 5) {
    const right = [...mutator.chunks(content)].flatMap((chunk) => [chunkOf(chunk, chunk.length.toString(16))]);
    return { bytes: Buffer.concat([lines(start, "Host: x", chunked), ...right, lines("0")]), isWhole: true };
  }
  if (kind === 6) {
    const wrong = chunkOf(content, mutator.oneOf([...sizes, (content.length + 1).toString(16)]));
    return broken([start, "Host: x", chunked], Buffer.concat([wrong, lines(...mutator.oneOf(trailers))]));
  }
  const right = httpRequest(path, body).bytes;
  if (kind === 7) return { bytes: Buffer.from(mutator.bytes(right)), isWhole: false };
  return { bytes: right.subarray(0, mutator.below(right.length)), isWhole: false };
}

const chunkOf = (content: Buffer, size: string): Buffer =>
  Buffer.concat([Buffer.from(`${size}\r\n`), content, Buffer.from("\r\n")]);

/** The responses on one connection, interim ones left out; `fault` tells what is none, or only half of one. */
export function responsesIn(heard: Buffer): {
  readonly responses: readonly HttpResponse[];
  readonly fault: string | undefined;
} {
  const text = heard.toString("latin1");
  const responses: HttpResponse[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\r\n\r\n", at);
    const [all, digits] = /^HTTP\/1\.1 ([1-5]\d\d)[^\r\n]*\r\n/.exec(text.slice(at, at + 100)) ?? [];
    if (end === -1 || all === undefined) return { responses, fault: "no whole head of a response" };
    const status = Number(digits);
    const head = text.slice(at + all.length, end + 2);
    at = end + 4;
    const length = bodyLength(text, at, status, head);
    if (length === undefined || at + length > text.length) return { responses, fault: "half a response" };
    if (status >= 200) responses.push({ status, headers: head, body: heard.toString("utf8", at, at + length) });
    at += length;
  }
  return { responses, fault: undefined };
}

/** With the chunks' own bytes, since what is in those is only text for people; undefined if their end has not come. */
function bodyLength(text: string, at: number, status: number, head: string): number | undefined {
  if (/^transfer-encoding: chunked\r$/im.test(head)) {
    const end = /^0\r\n\r\n/m.exec(text.slice(at));
    return end === null ? undefined : end.index + end[0].length;
  }
  // A response to HEAD has the length of a body that does not follow (RFC 9110 section 9.3.2).
  if (status === 405 && (at === text.length || text.startsWith("HTTP/1.1 ", at))) return 0;
  return Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
}

const methods = [
  ...["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "QUERY", "post", "POST ", "", "\0"],
  ...["POST\tx", "POSTPOST", "P".repeat(20_000), "__proto__", "constructor", "PRI"],
];
const targets = [
  ...["/", "*", "", "/http-bind/", "/http-bind//", "/http-bind?a=b", "/http-bind#a", "/%68ttp-bind", "/../http-bind"],
  ...[
    "http://x/http-bind",
    "//x/http-bind",
    "/http-bind\0",
    "/http bind",
    "/é",
    "x",
    "/".repeat(20_000),
    "/constructor",
  ],
];
const versions = [
  ..."0123".split("").map((minor) => `HTTP/1.${minor}`),
  "HTTP/2.0",
  "HTTP/0.9",
  "http/1.1",
  "",
  "HTTP/1.1 x",
];
const headers = [
  ...["Expect: 100-continue", "Expect: nothing", "Connection: close", "Connection: upgrade\r\nUpgrade: websocket"],
  ...["Connection: upgrade\r\nUpgrade: h2c", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Host: y", " x"],
  ...["Transfer-Encoding: identity, chunked", "Content-Encoding: gzip", "Content-Type: image/png", "X: \0", "no colon"],
  ...[
    ": empty",
    "X : y",
    "X: y\r\n folded",
    "X: y\nY: z",
    "X: y\rY: z",
    "__proto__: x",
    "X: é",
    `X: ${"y".repeat(20_000)}`,
  ],
  ...[
    `${"X: y\r\n".repeat(2500)}X: y`,
    "Origin: http://evil.example",
    "Keep-Alive: timeout=0",
    "Range: bytes=0-1",
    "Trailer: x",
  ],
  ...["Content-Length: 3", "Content-Length: 0", "Cookie: a=b", "Authorization: Basic AAAA", "Accept-Encoding: gzip"],
];
const lengths = [
  "",
  "0",
  "-1",
  "+5",
  "0x10",
  "1e3",
  "x",
  "5, 5",
  "5 5",
  "1000000000",
  "99999999999999999999",
  "NaN",
  "12",
];
const sizes = [
  "",
  "0",
  "-1",
  "x",
  "0x5",
  "ffffffffffffffff",
  "fffffffffffffffff",
  "7fffffff",
  "1;a=b",
  `1;${"a".repeat(20_000)}`,
  "5 ",
];
const trailers = [
  ["0"],
  ["0", "X: y"],
  ["0", "Content-Length: 5"],
  ["0", "no colon"],
  ["x"],
  ["0", `X: ${"y".repeat(20_000)}`],
];
