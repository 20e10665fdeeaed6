import type { Part } from "./part.ts";

const isHead = /^(HTTP\/1\.|[A-Z]+ \/)/;

/**
 * Messages of HTTP/1.1 (RFC 9112), one after the other: heads, chunks and what is in them. Bytes that begin with no head go on
 * with chunks of a response that began before. What is not whole is told as far as it goes.
 */
export function httpParts(bytes: Buffer, inner: (body: Buffer) => Part[]): Part[] {
  const parts: Part[] = [];
  let chunked = !isHead.test(bytes.toString("latin1", 0, 16));
  for (let at = 0; at < bytes.length; ) {
    if (chunked) {
      const line = bytes.indexOf("\r\n", at);
      const size = line === -1 ? Number.NaN : Number.parseInt(bytes.toString("latin1", at, line), 16);
      if (Number.isNaN(size)) return [...parts, { layer: "http", what: "rest", bytes: bytes.subarray(at) }];
      const data = line + 2;
      parts.push(
        { layer: "framing", what: "size of the chunk", bytes: bytes.subarray(at, data) },
        ...inner(bytes.subarray(data, data + size)),
        { layer: "framing", what: "end of the chunk", bytes: bytes.subarray(data + size, data + size + 2) },
      );
      at = data + size + 2;
      chunked = size > 0;
    } else {
      const end = bytes.indexOf("\r\n\r\n", at);
      const body = end === -1 ? bytes.length : end + 4;
      const head = bytes.toString("latin1", at, body);
      const isResponse = head.startsWith("HTTP/");
      const what = `${isResponse ? "status" : "request"} line and header fields`;
      parts.push({ layer: "http", what, bytes: bytes.subarray(at, body) });
      chunked = /^transfer-encoding:[^\r\n]*chunked/im.test(head);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (!chunked && length > 0) parts.push(...inner(bytes.subarray(body, body + length)));
      at = chunked ? body : body + length;
    }
  }
  return parts;
}
