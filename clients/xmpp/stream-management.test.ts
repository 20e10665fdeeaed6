/** The client's stream management against the embedded server, over connections that are cut at any byte. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { xml } from "@xmpp/xml";
import { type Behaviour, defaultLimits, type Limits, type RunningServer } from "../../protocol/contract.ts";
import { seededRandom } from "../../protocol/random.ts";
import { until } from "../../protocol/testing.ts";
import { messageElement, messagePayload } from "../../protocol/wires/xmpp-message.ts";
import { boshServer } from "../../servers/bosh.ts";
import { serve } from "../../servers/xmpp/testing.ts";
import { xmppServer } from "../../servers/xmpp.ts";
import { xmppWebsocketServer } from "../../servers/xmpp-websocket.ts";
import { boshBinding } from "./bosh.ts";
import { openSession, type SessionOptions, type XmppSession } from "./session.ts";
import type { Binding } from "./stream.ts";
import { StreamManagement } from "./stream-management.ts";
import { tcpBinding } from "./tcp.ts";
import { ScriptedServer } from "./testing.ts";
import { websocketBinding } from "./websocket.ts";

const limits = { ...defaultLimits, handshakeMs: 60_000 };

/** Bytes after which a connection is cut, in either direction. */
interface Cut {
  readonly up: number;
  readonly down: number;
}
const never: Cut = { up: Infinity, down: Infinity };

/** Stands between client and server, and cuts its connections as it is told, one after the other; then no more. */
async function startRelay(t: TestContext, { url }: RunningServer, cuts: readonly Cut[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let connections = 0;
  const relay = createServer({ noDelay: true }, (client) => {
    const cut = cuts[connections++] ?? never;
    const server = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const [from, to, bytesMax] of [
      [client, server, cut.up],
      [server, client, cut.down],
    ] as const) {
      sockets.add(from);
      let bytes = 0;
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.on("data", (chunk) => {
        to.write(chunk.subarray(0, Math.max(0, bytesMax - bytes)));
        bytes += chunk.byteLength;
        // What was let through arrives; nothing more is said in either direction.
        if (bytes >= bytesMax) for (const socket of [client, server]) socket.destroySoon();
      });
    }
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  t.after(() => {
    relay.close();
    for (const socket of sockets) socket.destroy();
  });
  return url.replace(`:${port}`, `:${(relay.address() as AddressInfo).port}`);
}

/** Echoes, and keeps what it has received. */
function recording(): { readonly behaviour: Behaviour; readonly received: string[]; closed: number } {
  const record = { received: [] as string[], closed: 0 };
  return Object.assign(record, {
    behaviour: (connection) => ({
      message(payload) {
        record.received.push(String(payload));
        connection.send(payload);
      },
      closed: () => void record.closed++,
    }),
  } satisfies { behaviour: Behaviour });
}

const bindings = [
  ["TCP", tcpBinding, xmppServer],
  ["WebSocket", websocketBinding, xmppWebsocketServer],
] as const;

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`);

const optionsOf = (
  url: string,
  streamManagement: boolean | StreamManagement,
  onStanza: SessionOptions["onStanza"],
): SessionOptions => ({
  url,
  limits,
  user: 0,
  signal: AbortSignal.timeout(60_000),
  streamManagement,
  onStanza,
});

/** Sends the messages over as many connections as it takes until all have come back. */
async function exchange(
  binding: Binding,
  url: string,
  management: StreamManagement,
  count: number,
  perConnection: number,
): Promise<string[]> {
  const heard: string[] = [];
  const onStanza: SessionOptions["onStanza"] = (stanza) => void heard.push(String(messagePayload(stanza)));
  while (heard.length < count) {
    let session: XmppSession;
    try {
      session = await openSession(binding, optionsOf(url, management, onStanza));
    } catch {
      continue;
    }
    for (let sends = 0; sends < perConnection && management.counts.sent < count; sends++) {
      session.send(messageElement({ to: "localhost" }, `${management.counts.sent + 1}`));
    }
    await Promise.race([session.closed, until(() => heard.length >= count || wouldWait(management, count))]);
    if (heard.length < count) session.drop();
    else await session.close();
  }
  return heard;
}

/** All that was sent on a connection has been answered, so that the rest must be sent on the next. */
const wouldWait = ({ counts }: StreamManagement, count: number): boolean =>
  counts.sent < count && counts.received >= counts.sent;

const test = (title: string, run: (t: TestContext) => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

for (const [name, binding, server] of bindings) {
  const start = async (t: TestContext, behaviour: Behaviour, own: Partial<Limits> = {}): Promise<RunningServer> => {
    const running = await server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: { ...limits, ...own } });
    t.after(() => running.close());
    return running;
  };

  describe(`stream management of the XMPP client over ${name}`, () => {
    test("loses nothing and brings nothing twice, wherever connections are cut", async (t) => {
      const random = seededRandom(198, name.length);
      const below = (limit: number): number => Math.floor(random() * limit);
      let resumptions = 0;
      let retransmitted = 0;
      for (let round = 0; round < 12; round++) {
        const record = recording();
        const running = await start(t, record.behaviour);
        const cuts = Array.from({ length: 1 + below(6) }, () => ({ up: below(8000), down: below(12_000) }));
        const url = await startRelay(t, running, cuts);
        const management = new StreamManagement(limits);
        const heard = await exchange(binding, url, management, 80, 1 + below(60));
        const context = `round ${round}, ${JSON.stringify(cuts)}`;
        assert.deepEqual(record.received, numbers(80), context);
        assert.deepEqual(heard, numbers(80), context);
        const { counts } = management;
        assert.deepEqual([counts.sent, counts.received, counts.abandoned], [80, 80, 0], context);
        resumptions += counts.resumptions;
        retransmitted += counts.retransmitted;
        await running.close();
      }
      assert.ok(resumptions > 12, `only ${resumptions} resumptions`);
      assert.ok(retransmitted > 25, `only ${retransmitted} stanzas sent again`);
    });

    test("leaves the acknowledgements of both sides behind no more than a few stanzas, under load that never pauses", async (t) => {
      const record = recording();
      const running = await start(t, record.behaviour);
      let heard = 0;
      let most = 0;
      const session = await openSession(
        binding,
        optionsOf(running.url, true, (_stanza, { streamManagement }) => {
          heard++;
          most = Math.max(most, streamManagement!.unacknowledged.length);
          if (heard + 20 <= 5000) session.send(messageElement({ to: "localhost" }, `${heard + 20}`));
        }),
      );
      for (let number = 1; number <= 20; number++) session.send(messageElement({ to: "localhost" }, `${number}`));
      await until(() => heard === 5000);
      assert.ok(most < 100, `${most} of 5000 unacknowledged`);
      assert.equal(session.streamManagement!.counts.sent, 5000);
      await session.close();
      assert.equal((await session.closed).by, "client");
    });

    test("takes no more than its bound where nothing is acknowledged", async (t) => {
      const running = await start(t, recording().behaviour);
      const url = await startRelay(t, running, [{ up: Infinity, down: 1e9 }]);
      const session = await openSession(binding, {
        ...optionsOf(url, true, () => {}),
        limits: { ...limits, queueBytesMax: 20_000 },
      });
      // In one turn, so that no acknowledgement can come.
      assert.throws(
        () => {
          for (let sends = 0; sends < 1000; sends++) session.send(messageElement({ to: "localhost" }, "x".repeat(100)));
        },
        { code: "queue-full" },
      );
      const { counts } = session.streamManagement!;
      assert.ok(counts.sent > 10 && counts.sent < 1000, `${counts.sent}`);
      await until(() => session.streamManagement!.counts.received === counts.sent);
      session.send(messageElement({ to: "localhost" }, "again"));
      await session.close();
    });

    test("begins another session where the server has not kept the one before, and counts what it gave up", async (t) => {
      const record = recording();
      const running = await start(t, record.behaviour, { idleMs: 1 });
      const first = await openSession(
        binding,
        optionsOf(running.url, true, () => {}),
      );
      const management = first.streamManagement!;
      first.drop();
      first.send(messageElement({ to: "localhost" }, "ignored"));
      assert.equal(management.counts.sent, 0);
      await until(() => record.closed === 1);
      const second = await openSession(
        binding,
        optionsOf(running.url, management, () => {}),
      );
      assert.ok(!second.resumed);
      assert.notEqual(second.jid, first.jid);
      second.send(messageElement({ to: "localhost" }, "lost"));
      second.drop();
      await until(() => record.closed === 2);
      const third = await openSession(
        binding,
        optionsOf(running.url, management, () => {}),
      );
      const { sent, acknowledged, abandoned, resumptions } = management.counts;
      assert.deepEqual([sent, acknowledged + abandoned, resumptions], [1, 1, 0]);
      await third.close();
    });

    test("goes on under the same address, with the connection before ended by either side", async (t) => {
      const record = recording();
      const running = await start(t, record.behaviour);
      const heard: string[] = [];
      const onStanza: SessionOptions["onStanza"] = (stanza) => void heard.push(String(messagePayload(stanza)));
      const first = await openSession(binding, optionsOf(running.url, true, onStanza));
      first.send(messageElement({ to: "localhost" }, "1"));
      await until(() => heard.length === 1);
      // Still open on both sides: the client lets go of it, the server ends it.
      const second = await openSession(binding, optionsOf(running.url, first.streamManagement!, onStanza));
      assert.ok(second.resumed);
      assert.equal(second.jid, first.jid);
      assert.match((await first.closed).message, /another connection/);
      second.send(messageElement({ to: "localhost" }, "2"));
      await until(() => heard.length === 2);
      assert.deepEqual(heard, ["1", "2"]);
      assert.equal(running.connections, 1);
      assert.equal(record.closed, 0);
      await second.close();
      await until(() => record.closed === 1);
    });

    test("meets no delay of Nagle's on either side", async (t) => {
      const sockets: Socket[] = [];
      const seen = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
      for (const channel of ["net.client.socket", "net.server.socket"]) subscribe(channel, seen);
      t.after(() => {
        for (const channel of ["net.client.socket", "net.server.socket"]) unsubscribe(channel, seen);
      });
      const running = await start(t, recording().behaviour);
      const session = await openSession(
        binding,
        optionsOf(running.url, true, () => {}),
      );
      assert.equal(sockets.length, 2);
      for (const socket of sockets) assert.ok(hasNoDelay(socket));
      await session.close();
    });
  });
}

/** Node keeps whether it has set TCP_NODELAY on a socket under a symbol of its own. */
function hasNoDelay(socket: Socket): boolean {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "kSetNoDelay");
  assert.ok(symbol, "Node.js keeps it elsewhere now");
  return Reflect.get(socket, symbol) === true;
}

describe("stream management of the XMPP client", () => {
  test("counts on from zero after 2^32 - 1 in both directions", async (t) => {
    const record = recording();
    const firstCount = 2 ** 32 - 50;
    await using server = await serve({ behaviour: record.behaviour, firstCount, limits });
    const running = { url: `xmpp://wirebench:${server.password}@127.0.0.1:${server.port}/localhost` } as RunningServer;
    const url = await startRelay(t, running, [
      { up: 5000, down: Infinity },
      { up: Infinity, down: 9000 },
    ]);
    const management = new StreamManagement(limits, firstCount);
    assert.deepEqual(await exchange(tcpBinding, url, management, 200, 150), numbers(200));
    assert.deepEqual(record.received, numbers(200));
    assert.ok(management.counts.resumptions >= 1);
  });

  test("is not there over BOSH, whose sessions outlive their connections by themselves", async (t) => {
    const server = await boshServer.listen({ host: "127.0.0.1", port: 0, behaviour: recording().behaviour, limits });
    t.after(() => server.close());
    await assert.rejects(
      openSession(
        boshBinding,
        optionsOf(server.url, true, () => {}),
      ),
      /offers no stream management/,
    );
  });

  test("does not log in where the server has none", async () => {
    await using server = await ScriptedServer.start((talk) => talk.authenticate());
    await assert.rejects(
      openSession(
        tcpBinding,
        optionsOf(server.url(), true, () => {}),
      ),
      /offers no stream management/,
    );
  });

  for (const [title, answer] of [
    ["more than it was sent", "<a xmlns='urn:xmpp:sm:3' h='2'/>"],
    ["no number", "<a xmlns='urn:xmpp:sm:3'/>"],
  ] as const) {
    test(`ends with a server that acknowledges ${title}`, async () => {
      const management = new StreamManagement(limits);
      management.enabled(xml("enabled", { xmlns: "urn:xmpp:sm:3" }), "a@b/c");
      management.keep(xml("message"));
      const h = /h='(\d)'/.exec(answer)?.[1];
      assert.throws(() => management.takes(xml("a", { xmlns: "urn:xmpp:sm:3", h }), () => {}), /acknowledged/);
    });
  }
});
