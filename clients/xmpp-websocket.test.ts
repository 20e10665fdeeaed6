/** What the client of XMPP over WebSocket does with frames that RFC 7395 does not know; the rest is tested for all clients. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { join, start } from "../servers/testing.ts";
import { xmppWebsocketServer } from "../servers/xmpp-websocket.ts";
import { xmppWebsocketClient } from "./xmpp-websocket.ts";

/** A way to a real server, into which the test puts frames of its own; resolves with the client's side of it. */
async function between(t: TestContext): Promise<{ url: string; accepted: Promise<WebSocket>; said: string[] }> {
  const running = await start(t, xmppWebsocketServer);
  const url = new URL(running.url);
  const to = `ws://${url.host}${url.pathname}`;
  const said: string[] = [];
  const middle = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "xmpp" });
  await once(middle, "listening");
  const { promise: accepted, resolve } = Promise.withResolvers<WebSocket>();
  middle.on("connection", (client) => {
    const server = new WebSocket(to, "xmpp");
    client.on("message", (data) => {
      said.push(String(data));
      if (server.readyState === WebSocket.OPEN) server.send(String(data));
      else server.once("open", () => server.send(String(data)));
    });
    server.on("message", (data) => client.send(String(data)));
    client.on("close", () => server.terminate());
    client.on("error", () => {});
    resolve(client);
  });
  t.after(() => {
    middle.close();
    for (const client of middle.clients) client.terminate();
  });
  url.port = String((middle.address() as AddressInfo).port);
  return { url: url.href, accepted, said };
}

const close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
const endings: readonly (readonly [string, (client: WebSocket) => void, "network" | "server", RegExp])[] = [
  ["<close/>", (client) => client.send(close), "server", /^stream closed$/],
  [
    "a stream error",
    (client) =>
      client.send(
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
      ),
    "server",
    /^stream error conflict/,
  ],
  ["a close frame alone", (client) => client.close(1001), "server", /^close code 1001$/],
  ["the end of the connection", (client) => client.terminate(), "network", /^close code 1006$/],
  ["a binary frame", (client) => client.send(Buffer.from(close)), "network", /binary frame/],
  ["two elements in a frame", (client) => client.send(close + close), "network", /not one whole element/],
  ["half an element", (client) => client.send("<message xmlns='jabber:client'>"), "network", /not one whole element/],
  ["an entity", (client) => client.send("<message>&lol;</message>"), "network", /entity references/],
  ["a frame over the limit", (client) => client.send(`<a>${"x".repeat(7 * 2 ** 20)}</a>`), "network", /payload size/i],
];

describe("the XMPP WebSocket client", () => {
  for (const [title, act, by, message] of endings) {
    it(`ends by ${title}`, { timeout: 60_000 }, async (t) => {
      const { url, accepted } = await between(t);
      const user = await join(xmppWebsocketClient, url);
      user.send("x");
      assert.equal(await user.next(), "x");
      act(await accepted);
      const reason = await user.closed;
      assert.equal(reason.by, by);
      assert.match(reason.message, message);
      assert.throws(() => user.send("late"), { code: "closed" });
    });
  }

  it("declares the namespace of every stanza it sends, and closes in order", { timeout: 60_000 }, async (t) => {
    const { url, said } = await between(t);
    const user = await join(xmppWebsocketClient, url);
    user.send("x");
    await user.next();
    await user.close();
    assert.deepEqual(await user.closed, { by: "client", message: "stream closed" });
    assert.deepEqual(said.slice(-2), [
      '<message xmlns="jabber:client" to="localhost" type="headline"><body>x</body></message>',
      close.replaceAll("'", '"'),
    ]);
  });
});
