/** What clients with `+h2` do with servers that end, refuse or break what was asked. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { clientsOf, protocolNamed } from "../../bench/targets/protocols.ts";
import type { SharedConnection } from "../../protocol/contract.ts";
import { makeCertificate } from "../../servers/connection/certificate.ts";
import { join, start } from "../../servers/testing.ts";
import { trustCertificate } from "../connection/trust.ts";
import { Exchange } from "./exchange.ts";
import { Http2Connection } from "./http2-connection.ts";

const options = { h2: "on" };

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What it answers each request with. */
const serve = (t: TestContext, answer: (stream: ServerHttp2Stream, path: string) => void): Promise<string> => {
  const server = createServer();
  server.on("session", (session) => {
    session.on("error", () => {});
    t.after(() => session.destroy());
  });
  server.on("stream", (stream, headers) =>
    answer(
      stream.on("error", () => {}),
      headers[":path"] ?? "",
    ),
  );
  return listen(t, server);
};

describe("an exchange over HTTP/2", { timeout: 120_000 }, () => {
  const faults: Readonly<Record<string, readonly [(stream: ServerHttp2Stream) => void, RegExp]>> = {
    "is larger than it may be": [
      (stream) => {
        stream.respond();
        stream.end("x".repeat(1001));
      },
      /exceeded max size/,
    ],
    "is compressed": [
      (stream) => stream.respond({ "content-encoding": "gzip" }, { endStream: true }),
      /the answer is gzip, though identity was asked for/,
    ],
    "is reset": [
      (stream) => {
        stream.respond();
        stream.destroy(new Error("broken"));
      },
      /INTERNAL_ERROR/,
    ],
    "is shorter than it says": [
      (stream) => {
        stream.respond({ "content-length": 9 });
        stream.close(constants.NGHTTP2_NO_ERROR);
      },
      /./,
    ],
    "is cut off with its connection": [
      (stream) => {
        stream.respond();
        stream.session!.destroy();
      },
      /./,
    ],
  };
  for (const [fault, [answer, message]] of Object.entries(faults)) {
    it(`fails for an answer that ${fault}, and goes on with the next`, async (t) => {
      const origin = await serve(t, (stream, path) => {
        if (path === "/bad") answer(stream);
        else {
          stream.respond({ ":status": 404 });
          stream.end("€");
        }
      });
      const exchange = new Exchange(origin, { answerBytesMax: 1000, options, http2: new Http2Connection(origin) });
      t.after(() => exchange.destroy());
      await assert.rejects(exchange.ask({ method: "GET", path: "/bad" }), message);
      assert.deepEqual(await exchange.ask({ method: "GET", path: "/good" }), { status: 404, text: "€" });
    });
  }

  it("fails where nothing listens, where HTTP/1.1 is spoken, and once it is destroyed", async (t) => {
    const http1 = await listen(t, createHttp1Server());
    for (const origin of [http1, "http://127.0.0.1:1"]) {
      const exchange = new Exchange(origin, { answerBytesMax: 1000, options, http2: new Http2Connection(origin) });
      await assert.rejects(exchange.ask({ method: "GET", path: "/" }));
      exchange.destroy();
      await assert.rejects(exchange.ask({ method: "GET", path: "/" }), /destroyed/);
    }
  });

  it("takes nothing of a body before its head was told, whichever Node tells first", async (t) => {
    const asked = Promise.withResolvers<ServerHttp2Stream>();
    const connection = new Http2Connection(await serve(t, (stream) => asked.resolve(stream)));
    t.after(() => connection.destroy());
    const told: string[] = [];
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    const stream = connection.request(
      { method: "GET", path: "/", headers: {} },
      {
        started: (status) => void told.push(String(status)),
        data: (chunk) => void told.push(chunk.toString()),
        ended: resolve,
        failed: reject,
      },
    );
    const answer = await asked.promise;
    assert.notEqual(stream!.readableFlowing, true);
    answer.respond();
    answer.end("body");
    await over;
    assert.deepEqual(told, ["200", "body"]);
  });

  it("fails over TLS where HTTP/2 is not agreed on, even where it would be understood", async (t) => {
    const certificate = await makeCertificate();
    trustCertificate(certificate.cert);
    const http2 = createServer((_request, response) => response.end());
    http2.on("session", (session) => session.on("error", () => {}));
    const server = createTlsServer(certificate, (socket) => {
      t.after(() => socket.destroy());
      http2.emit("connection", socket);
    });
    const origin = (await listen(t, server)).replace("http:", "https:");
    const exchange = new Exchange(origin, { answerBytesMax: 1000, options, http2: new Http2Connection(origin) });
    t.after(() => exchange.destroy());
    await assert.rejects(exchange.ask({ method: "GET", path: "/" }), /ALPN/);
  });
});

describe("users who share an HTTP/2 connection", { timeout: 120_000 }, () => {
  /** Resolves once both are over; tells how many connections there were, and what the last one lets come unread. */
  async function counted(t: TestContext, protocol: string, sharedBy: SharedConnection | undefined) {
    const { server, client } = protocolNamed(protocol);
    const running = await start(t, server, {}, undefined, options);
    const sockets = new Set<Socket>();
    const onSocket = (message: unknown): void => void sockets.add((message as { socket: Socket }).socket);
    subscribe("net.client.socket", onSocket);
    t.after(() => unsubscribe("net.client.socket", onSocket));
    const [first, second] = [
      await join(client, running.url, {}, options, sharedBy),
      await join(client, running.url, {}, options, sharedBy),
    ];
    await first.close();
    second.send("still there");
    assert.equal(await second.next(), "still there");
    await second.close();
    await Promise.all([...sockets].map((socket) => socket.destroyed || once(socket, "close")));
    return sockets.size;
  }

  for (const protocol of ["sse", "short-polling", "long-polling"]) {
    it(`have one of ${protocol}, which ends with the last of them; others have one each`, async (t) => {
      assert.equal(await counted(t, protocol, {}), 1);
      assert.equal(await counted(t, protocol, undefined), 2);
    });
  }

  it("let come unread on a stream what was agreed on", async (t) => {
    const seen = Promise.withResolvers<number | undefined>();
    const server = createServer();
    server.on("session", (session) => {
      t.after(() => session.destroy());
      session.once("remoteSettings", ({ initialWindowSize }) => seen.resolve(initialWindowSize));
    });
    server.on("stream", (stream) => {
      stream.respond({ "content-type": "text/event-stream" });
      stream.write('event: connection\ndata: {"uplink":"/up"}\n\n');
    });
    const user = await join(protocolNamed("sse").client, `${await listen(t, server)}/`, {}, options, {
      windowBytes: 70_000,
    });
    assert.equal(await seen.promise, 70_000);
    await user.close();
  });
});

for (const [kind, client] of clientsOf(protocolNamed("sse"), options)) {
  describe(`the sse client (${kind}) over HTTP/2`, { timeout: 120_000 }, () => {
    const head = { "content-type": "text/event-stream" };
    const opening = 'event: connection\ndata: {"uplink":"/up"}\n\n';

    for (const status of [204, 302, 418, 503]) {
      it(`does not connect to a server that answers ${status}`, async (t) => {
        const origin = await serve(t, (stream) => stream.respond({ ...head, ":status": status }, { endStream: true }));
        await assert.rejects(join(client, `${origin}/`, {}, options), { code: "connect-failed" });
      });
    }

    it("delivers what came before the end of the stream, and then ends", async (t) => {
      const origin = await serve(t, (stream) => {
        stream.respond(head);
        stream.end(`${opening}${'data: "last"\n\n'.repeat(1000)}`);
      });
      const user = await join(client, `${origin}/`, {}, options);
      assert.equal((await user.closed).by, "server");
      assert.equal(user.received.length, 1000);
    });

    it("ends when the stream is reset, and when the connection is cut", async (t) => {
      for (const end of [
        (stream: ServerHttp2Stream) => stream.destroy(new Error("broken")),
        (stream: ServerHttp2Stream) => stream.session!.destroy(),
      ]) {
        const origin = await serve(t, (stream, path) => {
          if (path === "/up") return end(streams[0]!);
          streams.push(stream);
          stream.respond(head);
          stream.write(opening);
        });
        const streams: ServerHttp2Stream[] = [];
        const user = await join(client, `${origin}/`, {}, options);
        user.send("end it");
        assert.equal((await user.closed).by, "network");
      }
    });
  });
}
