/** A bare HTTP server that answers each request with its own body: what both HTTP clients are held against. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

process.on("disconnect", () => process.exit(0));
process.once("message", () => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      response.writeHead(200, { "content-type": "application/json", "content-length": body.byteLength });
      response.end(body);
    });
  });
  server.listen(0, "127.0.0.1", () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
});
