import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { createGzip } from "node:zlib";
import { clientsOf, protocols } from "../../bench/targets/protocols.ts";
import {
  type Behaviour,
  type ClientConnection,
  defaultLimits,
  type Options,
  type Payload,
} from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { join, start } from "../../servers/testing.ts";
import { shortPollingClient } from "../short-polling.ts";
import { sseClient } from "../sse.ts";

/** Those whose messages go up in requests of this project's own making. */
const overHttp = protocols
  .filter(({ server }) => server.traits.uplink === "request" && server.traits.mechanisms === undefined)
  .flatMap((protocol) => clientsOf(protocol).map(([kind, client]) => ({ server: protocol.server, kind, client })));

/** A server made by hand; what the client asks is answered by `serve`. */
async function listen(t: TestContext, serve: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

const connectionEvent = 'event: connection\ndata: {"uplink":"/up"}\n\n';

for (const { server, kind, client } of overHttp) {
  const isAnswered = server.traits.downlink === "response";
  /** Where those that are answered say who they are; others find it. */
  const collection = isAnswered ? "connections" : "";
  /** Opens the connection as the protocol asks; whatever comes then is left to `serve`. */
  const opening =
    (serve: RequestListener): RequestListener =>
    (request, response) => {
      if (request.url === "/events") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(connectionEvent);
      } else if (request.url === "/connections") response.writeHead(201).end('{"id":"1"}');
      else serve(request, response);
    };

  describe(`the ${server.traits.name} client (${kind})`, { timeout: 120_000 }, () => {
    it("asks for every answer as it is, never compressed", async (t) => {
      const asked: (string | undefined)[] = [];
      const { url, server: own } = await listen(
        t,
        opening((_request, response) => void response.writeHead(204).end()),
      );
      own.on("request", ({ headers }) => asked.push(headers["accept-encoding"]));
      const user = await join(client, url + collection);
      user.send("hello");
      await until(() => asked.length >= 2);
      assert.deepEqual(new Set(asked), new Set(["identity"]));
      assert.equal(user.compression, undefined);
      await user.close();
    });

    it("refuses to buffer more than the limit", async (t) => {
      const { url } = await listen(
        t,
        opening(() => {}),
      );
      const user = await join(client, url + collection, { queueBytesMax: 1000 });
      user.send("in flight");
      assert.throws(
        () => {
          for (;;) user.send("x".repeat(100));
        },
        { code: "queue-full" },
      );
      assert.ok(user.bufferedBytes <= 1000 + 102);
    });

    it("ends with the status of an answer it does not expect", async (t) => {
      const { url } = await listen(
        t,
        opening((_request, response) => void response.writeHead(418).end("short and stout")),
      );
      const user = await join(client, url + collection);
      user.send("tea?");
      assert.match((await user.closed).message, /418 I'm a Teapot \(short and stout\)/);
    });

    it("ends when the server sends what is no message", async (t) => {
      const { url } = await listen(t, (request, response) => {
        if (request.url === "/connections") response.writeHead(201).end('{"id":"1"}');
        else if (request.url === "/events") {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(`${connectionEvent}data: 7\n\ndata: "unheard"\n\n`);
        } else response.writeHead(200).end(isAnswered ? "[7]" : '{"cursor":1,"messages":[7]}');
      });
      const user = await join(client, url + collection);
      if (isAnswered) user.send("is it?");
      assert.deepEqual((await user.closed).by, "network");
      assert.match((await user.closed).message, /expected a message/);
      assert.deepEqual(user.received, []);
    });

    const sockets = server.traits.downlink === "polled" || isAnswered ? 1 : 2;
    it(`uses ${sockets} kept-alive TCP connection(s) per user who waits for every echo`, async (t) => {
      const { url } = await start(t, server);
      let accepted = 0;
      const proxy = createTcpServer((near) => {
        accepted += 1;
        const far = connectTcp(Number(new URL(url).port), "127.0.0.1");
        near.on("error", () => far.destroy()).pipe(far);
        far.on("error", () => near.destroy()).pipe(near);
      }).listen(0, "127.0.0.1");
      t.after(() => proxy.close());
      await once(proxy, "listening");
      const through = new URL(url);
      through.port = String((proxy.address() as AddressInfo).port);
      const user = await join(client, through.href);
      for (let round = 0; round < 5; round++) {
        user.send("x");
        await user.next();
      }
      assert.equal(accepted, sockets);
      await user.close();
    });
  });
}

describe("the sse client", { timeout: 120_000 }, () => {
  it("does not reconnect when the stream is cut", async (t) => {
    let streams = 0;
    const { url } = await listen(t, (_request, response) => {
      streams += 1;
      response.writeHead(200, { "content-type": "text/event-stream" });
      // EventSource would come back after this many milliseconds.
      response.write(`retry: 1\n\n${connectionEvent}data: "cut"\n\n`, () => response.destroy());
    });
    const user = await join(sseClient, url);
    assert.equal((await user.closed).by, "network");
    const again = await join(sseClient, url);
    await again.closed;
    assert.equal(streams, 2);
  });
});

for (const { server, kind, client } of overHttp.filter(({ server }) => server.traits.resumesBy === "position")) {
  describe(`the sse client (${kind}) that comes back`, { timeout: 120_000 }, () => {
    /** What the server is told of the last event, after one with this id. */
    async function resumedFrom(t: TestContext, id: string, options: Options): Promise<Payload> {
      const behaviour: Behaviour = (connection) => {
        connection.send("", connection.resumesFrom === undefined ? "first" : undefined);
        connection.send(String(connection.resumesFrom), id);
        return { message() {}, closed() {} };
      };
      const { url } = await start(t, server, {}, behaviour, options);
      const connect = async (of?: ClientConnection) => {
        const received: Payload[] = [];
        const onMessage = (payload: Payload): void => void received.push(payload);
        const signal = AbortSignal.timeout(60_000);
        const asked = {
          url,
          options,
          limits: defaultLimits,
          user: 0,
          signal,
          resumption: { of, retryMs: 0 },
          onMessage,
        };
        const connection = await client.connect(asked);
        await until(() => received.length === 2);
        await connection.close();
        return { connection, last: received[1]! };
      };
      return (await connect((await connect()).connection)).last;
    }

    for (const options of [{}, { tls: "on", h2: "on" }] as Options[]) {
      it(`names the last event, in any alphabet${options.h2 ? ", over HTTP/2" : ""}`, async (t) => {
        assert.equal(await resumedFrom(t, "Ünï 4€ 😀 \u0416", options), "Ünï 4€ 😀 \u0416");
      });
    }

    it("names the one before where the id is none, too long or not to be sent", async (t) => {
      for (const id of ["a\0b", "x".repeat(1025), "€".repeat(400), "a\u0001b", "a\u007fb"]) {
        assert.equal(await resumedFrom(t, id, {}), "first");
      }
      assert.equal(await resumedFrom(t, "x".repeat(1024), {}), "x".repeat(1024));
    });

    it("knows how long the server asks to wait", async (t) => {
      const options = { retry: "70ms" };
      const { url } = await start(t, server, {}, undefined, options);
      const first = await join(client, url, {}, options);
      await until(() => first.retryMs === 70);
      await first.close();
    });
  });
}

describe("the short-polling client", { timeout: 120_000 }, () => {
  it("never has two polls in flight", async (t) => {
    let held = 0;
    let heldMax = 0;
    let polls = 0;
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const { url } = await listen(t, (request, response) => {
      if (request.method === "POST") return void response.writeHead(201).end('{"id":"1"}');
      if (request.method === "DELETE") return void response.writeHead(204).end();
      heldMax = Math.max(heldMax, ++held);
      if (++polls === 5) resolve();
      // Many times the poll interval, in which nothing else may come: there is no event for that.
      setTimeout(() => {
        held -= 1;
        response.writeHead(204).end();
      }, 20);
    });
    const user = await join(shortPollingClient, url, {}, { "poll-interval": "1ms" });
    await enough;
    assert.equal(heldMax, 1);
    await user.close();
  });
});

describe("the sse client", { timeout: 120_000 }, () => {
  it("tells of a stream that is compressed although it asked for none", async (t) => {
    const { url } = await listen(t, (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.write(connectionEvent, () => gzip.flush());
    });
    const user = await join(sseClient, url);
    assert.equal(user.compression, "gzip");
    await user.close();
  });
});
