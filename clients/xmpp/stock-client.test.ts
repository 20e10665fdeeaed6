/**
 * What the stock client (`@xmpp/client` 0.14) does and a benchmark must not measure: each test fails with a client that
 * does the same. docs/decisions.md says which holds what.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { describe, it, mock, type TestContext } from "node:test";
import { protocols } from "../../bench/targets/protocols.ts";
import { defaultLimits, type Payload } from "../../protocol/contract.ts";
import { join, start } from "../../servers/testing.ts";
import { xmppClient } from "../xmpp.ts";
import { XmppEntity } from "./entity.ts";
import { derivations } from "./scram.ts";
import { xmppTarget } from "./target.ts";
import { bindResult, features, header, jid, ScriptedServer } from "./testing.ts";

const test = (title: string, run: (t: TestContext) => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

const connect = (url: string, onMessage: (payload: Payload) => void = () => {}) =>
  xmppClient.connect({ url, limits: defaultLimits, user: 0, signal: new AbortController().signal, onMessage });

describe("the XMPP client, unlike the stock one,", () => {
  test("derives the key of a login in one call, not with a call for each round", async (t) => {
    const sign = t.mock.method(crypto.subtle, "sign");
    const before = derivations.count;
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.scram({ rounds: 5000 });
      await talk.bind();
    });
    const connection = await connect(server.url());
    assert.equal(derivations.count - before, 1);
    assert.equal(sign.mock.callCount(), 0);
    await server[Symbol.asyncDispose]().catch(() => {});
    await connection.closed;
  });

  test("lets nothing wait for an acknowledgement (Nagle's algorithm)", async (t) => {
    const setNoDelay = t.mock.method(Socket.prototype, "setNoDelay");
    await using server = await ScriptedServer.start((talk) => talk.welcome());
    const connection = await connect(server.url());
    const clients = setNoDelay.mock.calls.filter(({ this: socket }) => !server.sockets.includes(socket as Socket));
    assert.deepEqual(
      clients.map((call) => call.arguments),
      [[true]],
    );
    await server[Symbol.asyncDispose]().catch(() => {});
    await connection.closed;
  });

  test("asks for no stream management, though it is offered, so that there is no queue which nobody acknowledges", async () => {
    const heard = Promise.withResolvers<string>();
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.authenticate(features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>"));
      await talk.hear(/^<iq .*<\/iq>$/);
      talk.say(bindResult);
      heard.resolve((await talk.hear(/^.*<body>3<\/body><\/message>/s))[0]);
    });
    const connection = await connect(server.url());
    for (const text of ["1", "2", "3"]) connection.send(text);
    const message = (text: string): string => `<message to="localhost" type="headline"><body>${text}</body></message>`;
    assert.equal(await heard.promise, ["1", "2", "3"].map(message).join(""));
    await server[Symbol.asyncDispose]().catch(() => {});
    await connection.closed;
  });

  test("hands every message to the socket at once, without waiting until the one before is written", async () => {
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.welcome();
      talk.socket.pause();
    });
    const connection = await connect(server.url());
    const size = 1024 * 1024;
    // More than the buffers of the kernel take: what is left waits in the socket.
    for (let sent = 0; sent < 14; sent++) connection.send("x".repeat(size));
    assert.ok(connection.bufferedBytes > 2 * size, `${connection.bufferedBytes} bytes`);
    await server[Symbol.asyncDispose]().catch(() => {});
    await connection.closed;
  });

  test("hears an answer that is there before its own words are known to be written", async () => {
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.hear(/<stream:stream[^>]*>/);
      talk.say(header);
    });
    const entity = new XmppEntity(xmppTarget(server.url()), defaultLimits.payloadBytesMax);
    const written = once(entity, "open");
    entity.write = async (text) => {
      entity.socket!.write(text);
      await written;
    };
    await entity.connect(entity.service);
    assert.equal((await entity.open({ domain: "localhost" })).attrs.id, "1");
    entity.drop();
  });

  test("does not crash on what comes after the end of the stream", async () => {
    const late = `<message from='localhost' to='${jid}'><body>late</body></message>`;
    const payloads: Payload[] = [];
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.welcome();
      await talk.hear(/<\/stream:stream>/);
      // Each in a segment of its own, before the client has closed the socket.
      for (const words of ["</stream:stream>", late, "&", "</stream:stream>"]) {
        talk.say(words);
        await new Promise(setImmediate);
      }
    });
    const connection = await connect(server.url(), (payload) => payloads.push(payload));
    // Not with `once`, for which an error of the server's own socket would be the end.
    const gone = new Promise((resolve) => server.sockets[0]!.on("close", resolve));
    await connection.close();
    await gone;
    assert.deepEqual(await connection.closed, { by: "client", message: "stream closed" });
    assert.deepEqual(payloads, []);
  });
});

for (const { server, client } of protocols) {
  if (server.traits.name !== "xmpp" && server.traits.variantOf !== "xmpp") continue;
  test(`a message of ${server.traits.name} waits for no timer on its way there and back`, async (t) => {
    const { url } = await start(t, server);
    const user = await join(client, url);
    // From here on they stand still.
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    try {
      for (let sent = 0; sent < 10; sent++) {
        user.send(String(sent));
        assert.equal(await user.next(), String(sent));
      }
    } finally {
      mock.timers.reset();
    }
    await user.close();
  });
}
