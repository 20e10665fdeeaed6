import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { type Behaviour, defaultLimits, type Payload, type Protocol } from "../../protocol/contract.ts";
import { longPollingServer } from "../../servers/long-polling.ts";
import { shortPollingServer } from "../../servers/short-polling.ts";
import { sseServer } from "../../servers/sse.ts";
import { join, start } from "../../servers/testing.ts";
import { longPollingClient } from "../long-polling.ts";
import { shortPollingClient } from "../short-polling.ts";
import { sseClient } from "../sse.ts";

const protocols: Protocol[] = [
  { server: sseServer, client: sseClient },
  { server: shortPollingServer, client: shortPollingClient },
  { server: longPollingServer, client: longPollingClient },
];

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

for (const { server, client } of protocols) {
  const isStream = server.traits.downlink === "stream";
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

  describe(`the ${server.traits.name} client`, { timeout: 20_000 }, () => {
    it("echoes what a wire could spoil, in order and with its kind", async (t) => {
      const { url } = await start(t, server);
      const user = await join(client, url);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const payloads: Payload[] = [
        "",
        "\0\r\n\n\u2028",
        'data: "x"',
        "😀",
        Buffer.alloc(0),
        bytes,
        "x".repeat(100_000),
      ];
      for (const payload of payloads) user.send(payload);
      for (const payload of payloads) assert.deepEqual(await user.next(), payload);
      await user.close();
    });

    it("keeps the order of a thousand messages sent in one turn", async (t) => {
      const { url } = await start(t, server);
      const user = await join(client, url);
      for (let sent = 0; sent < 1000; sent++) user.send(String(sent));
      assert.ok(user.bufferedBytes > 0);
      for (let expected = 0; expected < 1000; expected++) assert.equal(await user.next(), String(expected));
      assert.equal(user.received.length, 1000);
      await user.close();
    });

    it("delivers what was sent before it closes", async (t) => {
      const heard: Payload[] = [];
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const behaviour: Behaviour = () => ({ message: (payload) => void heard.push(payload), closed: resolve });
      const { url } = await start(t, server, {}, behaviour);
      const user = await join(client, url);
      for (const text of ["a", "b", "c"]) user.send(text);
      await Promise.all([user.close(), user.close(), closed]);
      assert.deepEqual(heard, ["a", "b", "c"]);
      assert.equal((await user.closed).by, "client");
      assert.throws(() => user.send("late"), { code: "closed" });
    });

    it("hears the last words of a server that closes, and that it was the server", async (t) => {
      const behaviour: Behaviour = (connection) => {
        connection.send("last words");
        connection.close();
        return { message: () => {}, closed: () => {} };
      };
      const { url } = await start(t, server, {}, behaviour);
      const user = await join(client, url);
      assert.equal((await user.closed).by, "server");
      assert.deepEqual(user.received, ["last words"]);
    });

    it("ends by the network when the server dies", async (t) => {
      const running = await start(t, server);
      const user = await join(client, running.url);
      user.send("x");
      await user.next();
      await running.close();
      assert.equal((await user.closed).by, "network");
    });

    it("refuses to buffer more than the limit", async (t) => {
      const { url } = await listen(
        t,
        opening(() => {}),
      );
      const user = await join(client, url, { queueBytesMax: 1000 });
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
      const user = await join(client, url);
      user.send("tea?");
      assert.match((await user.closed).message, /418 I'm a Teapot \(short and stout\)/);
    });

    it("ends when the server sends what is no message", async (t) => {
      const { url } = await listen(t, (request, response) => {
        if (request.url === "/connections") response.writeHead(201).end('{"id":"1"}');
        else if (request.url === "/events") {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(`${connectionEvent}data: 7\n\ndata: "unheard"\n\n`);
        } else response.writeHead(200).end('{"cursor":1,"messages":[7]}');
      });
      const user = await join(client, url);
      assert.deepEqual((await user.closed).by, "network");
      assert.match((await user.closed).message, /expected a message/);
      assert.deepEqual(user.received, []);
    });

    it("rejects with connect-refused where nothing listens", async (t) => {
      const running = await start(t, server);
      await running.close();
      await assert.rejects(join(client, running.url), { code: "connect-refused" });
    });

    it("rejects with connect-failed, and the reason, for a server that answers otherwise", async (t) => {
      const answers: [RequestListener, RegExp][] = [
        [(_request, response) => response.writeHead(500).end("broken"), /500/],
        [
          (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
          isStream ? /redirect/ : /302/,
        ],
        [
          (_request, response) => response.writeHead(isStream ? 200 : 201).end("{}"),
          isStream ? /content type/i : /expected \{"id"/,
        ],
        [(request) => void request.socket.destroy(), /other side closed/],
      ];
      for (const [serve, message] of answers) {
        const { url } = await listen(t, serve);
        await assert.rejects(join(client, url), { code: "connect-failed", message });
      }
    });

    it("rejects with aborted, and leaves no socket, in every state of the handshake", async (t) => {
      const states: Record<string, RequestListener | undefined> = {
        "a server that accepts and says nothing": undefined,
        "a request without an answer": () => {},
        "an answer whose headers came alone": (_request, response) => {
          response.writeHead(isStream ? 200 : 201, { "content-type": "text/event-stream" }).flushHeaders();
        },
      };
      for (const [state, serve] of Object.entries(states)) {
        const listener =
          serve === undefined ? createTcpServer().listen(0, "127.0.0.1") : (await listen(t, serve)).server;
        if (!listener.listening) await once(listener, "listening");
        const { port } = listener.address() as AddressInfo;
        const abort = new AbortController();
        const gone = once(listener, "connection").then(async ([socket]) => {
          socket.on("error", () => {}).resume();
          // Long enough in the handshake for the request to be sent, whatever comes of it.
          if (serve === undefined) abort.abort(new Error("enough"));
          else listener.once("request", () => setImmediate(() => abort.abort(new Error("enough"))));
          await new Promise((resolve) => socket.once("close", resolve));
        });
        const options = {
          limits: defaultLimits,
          user: 0,
          pollIntervalMs: 5,
          signal: abort.signal,
          onMessage: () => {},
        };
        await assert.rejects(
          client.connect({ ...options, url: `http://127.0.0.1:${port}/` }),
          { code: "aborted", message: /enough/ },
          state,
        );
        await gone;
        listener.close();
      }
    });

    it("rejects with aborted without connecting if the signal has aborted before", async (t) => {
      const { url, server: listener } = await listen(t, () => {});
      listener.on("connection", () => assert.fail("connected"));
      const options = { url, limits: defaultLimits, user: 0, pollIntervalMs: 5, onMessage: () => {} };
      await assert.rejects(client.connect({ ...options, signal: AbortSignal.abort() }), { code: "aborted" });
    });

    it("leaves no socket open after it has closed", async (t) => {
      const { url } = await start(t, server);
      const open = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCPSocket")).length;
      const before = open();
      for (let round = 0; round < 20; round++) {
        const user = await join(client, url);
        user.send("x");
        await user.next();
        await user.close();
      }
      while (open() > before) await new Promise(setImmediate);
    });

    const sockets = server.traits.downlink === "polled" ? 1 : 2;
    it(`uses ${sockets} kept-alive TCP connection(s) per user`, async (t) => {
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
      const user = await join(client, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`);
      for (let round = 0; round < 5; round++) {
        user.send("x");
        await user.next();
      }
      assert.equal(accepted, sockets);
      await user.close();
    });
  });
}

describe("the sse client", { timeout: 10_000 }, () => {
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

describe("the short-polling client", { timeout: 10_000 }, () => {
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
      setTimeout(() => {
        held -= 1;
        response.writeHead(204).end();
      }, 20);
    });
    const user = await join(shortPollingClient, url, {}, 1);
    await enough;
    assert.equal(heldMax, 1);
    await user.close();
  });
});
