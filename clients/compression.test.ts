/** What clients with `+deflate` do with servers that do not compress, or badly. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { clientsOf, protocolNamed } from "../bench/targets/protocols.ts";
import { join, start } from "../servers/testing.ts";

const options = { deflate: "on" };
const connectionEvent = 'event: connection\ndata: {"uplink":"/up"}\n\n';

async function listen(t: TestContext, serve: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => serve(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

for (const name of ["websocket", "sse"]) {
  const protocol = protocolNamed(name);
  for (const [kind, client] of clientsOf(protocol, options)) {
    describe(`the ${name} client (${kind}) with +deflate`, { timeout: 120_000 }, () => {
      it("does not connect to a server that does not compress", async (t) => {
        const { url } = await start(t, protocol.server);
        await assert.rejects(join(client, url, {}, options), {
          code: "connect-failed",
          message: /permessage-deflate|expected a stream in gzip/,
        });
      });

      it("tells what it is compressed with", async (t) => {
        const { url } = await start(t, protocol.server, {}, undefined, options);
        const user = await join(client, url, {}, options);
        assert.match(user.compression ?? "", /^(permessage-deflate|gzip)$/);
        await user.close();
      });
    });
  }
}

it("there is no lean client for websocket with +deflate", () => {
  const kinds = (given: typeof options | undefined) =>
    clientsOf(protocolNamed("websocket"), given).map(([kind]) => kind);
  assert.deepEqual([kinds(undefined), kinds(options)], [["library", "lean"], ["library"]]);
});

for (const [kind, client] of clientsOf(protocolNamed("sse"), options)) {
  describe(`the sse client (${kind}) reading gzip`, { timeout: 120_000 }, () => {
    const head = { "content-type": "text/event-stream", "content-encoding": "gzip" };

    it("takes events whose bytes come one by one", async (t) => {
      const url = await listen(t, async (response) => {
        response.writeHead(200, head);
        for (const byte of gzipSync(`${connectionEvent}data: "€"\n\n`)) {
          await new Promise<void>((resolve) => response.write(Buffer.of(byte), () => resolve()));
        }
      });
      const user = await join(client, url, {}, options);
      assert.equal(await user.next(), "€");
    });

    it("delivers what came before the end, and then ends", async (t) => {
      const url = await listen(t, (response) => {
        response.writeHead(200, head).end(gzipSync(`${connectionEvent}${'data: "last"\n\n'.repeat(1000)}`));
      });
      const user = await join(client, url, {}, options);
      assert.equal((await user.closed).by, "server");
      assert.equal(user.received.length, 1000);
    });

    it("ends when the stream is no gzip from some byte on", async (t) => {
      const good = gzipSync(connectionEvent);
      const url = await listen(t, (response) => {
        response.writeHead(200, head).write(good, () => response.write(Buffer.alloc(100, 0xff)));
      });
      const user = await join(client, url, {}, options).catch(() => undefined);
      if (user !== undefined) await user.closed;
    });
  });
}

it("the lean sse client ends over an event that is too large once it is unpacked", { timeout: 60_000 }, async (t) => {
  const url = await listen(t, (response) => {
    const event = `${connectionEvent}data: "${"x".repeat(50_000_000)}"\n\n`;
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
    response.end(gzipSync(event));
  });
  const [, lean] = clientsOf(protocolNamed("sse"), options);
  const user = await join(lean![1], url, {}, options);
  assert.match((await user.closed).message, /an event has more than \d+ bytes/);
  assert.deepEqual(user.received, []);
});
