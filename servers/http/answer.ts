import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** For an answer that is only true now; without it a cache may guess (RFC 9111 section 4.2.2). */
const noStore = { "cache-control": "no-store" } as const;

/** Answers with JSON text that no cache may keep; header and body leave in one write. */
export function answerJson(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(json),
    ...noStore,
  });
  response.end(json);
}

/** Answers 204 (RFC 9110 section 15.3.5): done, and nothing to say. */
export function answerDone(response: ServerResponse): void {
  response.writeHead(204);
  response.end();
}

/** Answers 204 to a request for messages: there is none yet. */
export function answerEmpty(response: ServerResponse): void {
  response.writeHead(204, noStore);
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
