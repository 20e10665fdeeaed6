import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** Answers with JSON text that no cache may keep; header and body leave in one write. */
export function answerJson(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(json),
    "cache-control": "no-store",
  });
  response.end(json);
}

/** Answers 204: done, and nothing to say (RFC 9110 section 15.3.5). */
export function answerNothing(response: ServerResponse): void {
  response.writeHead(204, { "cache-control": "no-store" });
  response.end();
}

/**
 * Says why a request is not served. What is left of its body is read and discarded by Node, so that the peer can
 * read the answer, until `requestTimeout` cuts it off.
 */
export function refuse(
  response: ServerResponse,
  status: number,
  reason: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = `${reason}\n`;
  response.writeHead(status, { ...headers, "content-type": "text/plain", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
