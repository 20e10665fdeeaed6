/**
 * A bare HTTP server that answers each request with its own body, at once or after a delay: what both HTTP clients are
 * held against.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpServerOrder {
  /** From the end of a request to the answer; 0 answers in the same turn. */
  readonly delayMs: number;
}

process.on("disconnect", () => process.exit(0));
process.once("message", ({ delayMs }: HttpServerOrder) => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      response.writeHead(200, { "content-type": "application/json", "content-length": body.byteLength });
      if (delayMs === 0) response.end(body);
      else setTimeout(() => response.end(body), delayMs);
    });
  });
  server.listen(0, "127.0.0.1", () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
});
