/** What a server does with connections that do not become TLS, whatever is to be spoken inside. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Server, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { defaultLimits, type Limits } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { createHttpServer } from "../http/server.ts";
import { timePassing } from "../testing.ts";
import { closeServer, createListener, listenOn, trackSockets } from "./listening.ts";
import { type ServerTls, serverTls } from "./tls.ts";

const says = "hello";

/** Each listener there is, saying hello to whoever speaks TLS and asks. */
const listeners: Readonly<Record<string, (tls: ServerTls, limits: Limits) => Server>> = {
  "a bare listener": (tls, limits) =>
    createListener(tls, limits, (socket) => socket.on("error", () => {}).on("data", () => socket.write(says))),
  "an HTTP server": (tls, limits) => createHttpServer(limits, (_request, response) => response.end(says), tls),
};
/** By a reset, too, of which `once` would tell as an error. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));
const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

const test = (title: string, run: (t: TestContext) => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

for (const [name, create] of Object.entries(listeners)) {
  const start = async (t: TestContext, limits: Partial<Limits> = {}): Promise<{ port: number; open: Set<Socket> }> => {
    const server = create((await serverTls({ tls: "direct" }))!, { ...defaultLimits, ...limits });
    const open = trackSockets(server);
    t.after(() => closeServer(server, open));
    return { port: Number((await listenOn(server, "127.0.0.1", 0)).split(":")[1]), open };
  };
  const dial = async (t: TestContext, port: number): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    t.after(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  /** Resolves with what a peer hears that does speak TLS. */
  const asks = async (t: TestContext, port: number): Promise<string> => {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    t.after(() => socket.destroy());
    await once(socket, "secureConnect");
    socket.write(request);
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString();
  };

  describe(`${name} over TLS`, () => {
    test("drops a peer that does not finish its handshake in time, silent or byte by byte", async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const { port } = await start(t);
      const silent = await dial(t, port);
      const slow = await dial(t, port);
      // A record of 512 bytes is announced (RFC 8446 section 5.1), and comes for as long as it is listened to.
      slow.write(Buffer.of(22, 3, 1, 2, 0));
      const trickle = setInterval(() => slow.writable && slow.write(Buffer.of(1)), 20);
      t.after(() => clearInterval(trickle));
      await timePassing(t, Promise.all([closed(silent), closed(slow)]));
      assert.match(await asks(t, port), /hello/);
    });

    test("leaves a connection alone whose handshake is done", async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const { port } = await start(t);
      const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
      t.after(() => socket.destroy());
      await once(socket, "secureConnect");
      socket.write(request);
      await once(socket, "data");
      const silent = await dial(t, port);
      await timePassing(t, closed(silent));
      socket.write(request);
      assert.match(String((await once(socket, "data"))[0]), /hello/);
    });

    test("drops whoever begins a handshake while as many are under way as it has connections, and forgets those that left", async (t) => {
      const { port, open } = await start(t, { connectionsMax: 2 });
      const waiting = [await dial(t, port), await dial(t, port)];
      await until(() => open.size === 2);
      await closed(await dial(t, port));
      for (const socket of waiting) socket.destroy();
      await until(() => open.size === 0);
      assert.match(await asks(t, port), /hello/);
    });

    test("closes on a peer that speaks in clear, with an alert, and serves the next", async (t) => {
      const { port } = await start(t);
      for (const bytes of [request, "<stream:stream>", Buffer.alloc(100_000, 0xff)]) {
        const socket = (await dial(t, port)).resume();
        socket.write(bytes);
        await closed(socket);
      }
      assert.match(await asks(t, port), /hello/);
    });

    test("speaks no older TLS than 1.3", async (t) => {
      const { port } = await start(t);
      const old = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: "TLSv1.2" });
      await assert.rejects(once(old, "secureConnect"), { code: /ALERT_PROTOCOL_VERSION$/ });
    });
  });
}

test("a server says in the handshake what is spoken inside, and refuses who wants something else", async (t) => {
  const tls = (await serverTls({ tls: "direct" }, "xmpp-client"))!;
  const server = createListener(tls, defaultLimits, (socket) => socket.on("error", () => {}));
  const sockets = trackSockets(server);
  t.after(() => closeServer(server, sockets));
  const port = Number((await listenOn(server, "127.0.0.1", 0)).split(":")[1]);
  const ask = (ALPNProtocols: string[]) =>
    connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols });
  const right = ask(["xmpp-client"]);
  await once(right, "secureConnect");
  assert.equal(right.alpnProtocol, "xmpp-client");
  right.destroy();
  await assert.rejects(once(ask(["http/1.1"]), "secureConnect"), { code: /ALERT_NO_APPLICATION_PROTOCOL$/ });
});

test("no option, or another kind of TLS, makes no listener secure", async () => {
  assert.equal(await serverTls(undefined), undefined);
  assert.equal(await serverTls({}), undefined);
  assert.equal(await serverTls({ tls: "starttls" }), undefined);
});
