/** What every client does with servers, ours and those that answer otherwise, do not answer, or die. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { clientsOf, protocolNames, protocols } from "../bench/targets/protocols.ts";
import { type Behaviour, type ClientConnection, defaultLimits, type Payload } from "../protocol/contract.ts";
import { until } from "../protocol/testing.ts";
import { join, start } from "../servers/testing.ts";

/** What a server says to the first bytes of a client. */
interface Answers {
  /** Stand where the handshake is under way; none where there is no handshake. */
  readonly unfinished: readonly string[];
  /** Make the handshake fail, with the reason; `undefined` hangs up. */
  readonly otherwise: readonly (readonly [answer: string | undefined, reason: RegExp])[];
  /** Who seems to have ended it when the server dies. */
  readonly death: "network" | "server";
}

const response = (status: string, headers: string, body = ""): string =>
  `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const broken = [response("500 Internal Server Error", "", "broken"), /500/] as const;
const redirect = response("302 Found", "Location: /elsewhere\r\n");

const polling: Answers = {
  unfinished: ["", "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"],
  otherwise: [
    broken,
    [redirect, /302/],
    [response("201 Created", "", "{}"), /expected \{"id"/],
    [undefined, /other side closed/],
  ],
  death: "network",
};

/** Whatever a POST is answered with that is no failure, an endpoint may be asked. */
const requests: Answers = {
  unfinished: polling.unfinished,
  otherwise: [broken, [redirect, /302/], [undefined, /other side closed/]],
  death: "network",
};

const answers: Readonly<Record<string, Answers>> = {
  // An end of the stream is all that this protocol has for a goodbye.
  tcp: { unfinished: [], otherwise: [], death: "server" },
  websocket: {
    unfinished: ["", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"],
    otherwise: [broken, [redirect, /302/], [response("200 OK", "", "{}"), /200/], [undefined, /socket hang up/]],
    death: "network",
  },
  sse: {
    unfinished: ["", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"],
    otherwise: [
      broken,
      [redirect, /redirect/],
      [response("200 OK", "", "{}"), /content type/i],
      [undefined, /other side closed/],
    ],
    death: "network",
  },
  http: requests,
  "short-polling": polling,
  "long-polling": polling,
  xmpp: {
    unfinished: [
      "",
      "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
        "from='localhost' id='1' version='1.0'>",
    ],
    otherwise: [
      ["HTTP/1.1 400 Bad Request\r\n\r\n", /text outside of the stream/],
      [undefined, /connection lost/],
    ],
    death: "network",
  },
  bosh: {
    unfinished: ["", "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 90\r\n\r\n<body "],
    otherwise: [
      broken,
      [redirect, /302/],
      [response("200 OK", "", "{}"), /text outside/],
      [response("200 OK", "", "<body xmlns='http://jabber.org/protocol/httpbind'/>"), /without sid/],
      [undefined, /other side closed/],
    ],
    death: "network",
  },
  "xmpp-websocket": {
    unfinished: ["", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"],
    otherwise: [broken, [redirect, /302/], [response("200 OK", "", "{}"), /200/], [undefined, /socket hang up/]],
    death: "network",
  },
};

const test = (title: string, run: (t: TestContext) => Promise<void> | void): void =>
  void it(title, { timeout: 60_000 }, run);

test("hostile servers answer in every protocol there is", () => {
  assert.deepEqual(Object.keys(answers).sort(), [...protocolNames].sort());
});

/** Resolves with the address, in place of that of a real server. */
async function listen(t: TestContext, serve: (socket: Socket) => void): Promise<(url: string) => string> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (url) => {
    const elsewhere = new URL(url);
    elsewhere.port = String((server.address() as AddressInfo).port);
    return elsewhere.href;
  };
}

const clients = protocols.flatMap((protocol) =>
  clientsOf(protocol).map(([kind, client]) => ({ server: protocol.server, kind, client })),
);

for (const { server, kind, client } of clients) {
  const { name, uplink, downlink } = server.traits;
  /** Has a user say something who would else hear nothing. */
  const ask = (user: ClientConnection): void => {
    if (downlink === "response") user.send("anything new?");
  };
  const spoken = answers[name];
  // Which the test above has told.
  if (spoken === undefined) continue;
  const connect = (url: string, signal: AbortSignal) =>
    client.connect({
      url,
      limits: defaultLimits,
      user: 0,
      options: { "poll-interval": "5ms" },
      signal,
      onMessage() {},
    });

  describe(`the ${name} client (${kind})`, () => {
    test("echoes what a wire could spoil, in order and with its kind", async (t) => {
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

    test("keeps the order of a thousand messages sent in one turn", async (t) => {
      const { url } = await start(t, server);
      const user = await join(client, url);
      for (let sent = 0; sent < 1000; sent++) user.send(String(sent));
      if (uplink === "request") assert.ok(user.bufferedBytes > 0);
      for (let expected = 0; expected < 1000; expected++) assert.equal(await user.next(), String(expected));
      assert.equal(user.received.length, 1000);
      await user.close();
    });

    test("delivers what was sent before it closes", async (t) => {
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

    test("hears the last words of a server that closes, and that it was the server", async (t) => {
      const behaviour: Behaviour = (connection) => {
        connection.send("last words");
        connection.close();
        return { message: () => {}, closed: () => {} };
      };
      const { url } = await start(t, server, {}, behaviour);
      const user = await join(client, url);
      ask(user);
      assert.equal((await user.closed).by, "server");
      assert.deepEqual(user.received, ["last words"]);
    });

    test("ends when the server dies, and sends nothing more", async (t) => {
      const running = await start(t, server);
      const user = await join(client, running.url);
      user.send("x");
      await user.next();
      await running.close();
      ask(user);
      assert.equal((await user.closed).by, spoken.death);
      assert.throws(() => user.send("late"), { code: "closed" });
    });

    test("leaves no socket open after it has closed", async (t) => {
      const { url } = await start(t, server);
      const open = (): number => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCPSocket")).length;
      const before = open();
      for (let round = 0; round < 20; round++) {
        const user = await join(client, url);
        user.send("x");
        await user.next();
        await user.close();
      }
      await until(() => open() <= before);
    });

    for (const [answer, reason] of spoken.otherwise) {
      test(`rejects an answer it does not expect with connect-failed and ${reason}`, async (t) => {
        const { url } = await start(t, server);
        const elsewhere = await listen(t, (socket) => {
          socket.once("data", () => (answer === undefined ? socket.destroy() : socket.end(answer)));
        });
        await assert.rejects(join(client, elsewhere(url)), { code: "connect-failed", message: reason });
      });
    }

    for (const answer of spoken.unfinished.length === 0 ? [] : [undefined, ...spoken.unfinished]) {
      const state = answer === undefined ? "before it asks" : `after ${JSON.stringify(answer.slice(0, 20))}`;
      test(`rejects with aborted, and leaves no socket, when told to ${state}`, async (t) => {
        const abort = new AbortController();
        const { promise: gone, resolve } = Promise.withResolvers<void>();
        const { url } = await start(t, server);
        const elsewhere = await listen(t, (socket) => {
          const giveUp = (): void => abort.abort(new Error("enough"));
          socket.once("close", resolve).resume();
          if (answer === undefined) giveUp();
          else socket.once("data", () => socket.write(answer, () => setImmediate(giveUp)));
        });
        await assert.rejects(connect(elsewhere(url), abort.signal), { code: "aborted", message: /enough/ });
        await gone;
      });
    }

    test("rejects with aborted without connecting if the signal has aborted before", async (t) => {
      const { url } = await start(t, server);
      const elsewhere = await listen(t, () => assert.fail("connected"));
      await assert.rejects(connect(elsewhere(url), AbortSignal.abort()), { code: "aborted" });
    });
  });
}
