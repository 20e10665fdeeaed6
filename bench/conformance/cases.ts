import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { scriptMark } from "../../load/behaviours/scripted.ts";
import { connectClient } from "../../load/users/connect.ts";
import { defaultLimits, type Payload } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { assertEcho, assertSequence } from "./assertions.ts";
import { assertEchoOf, findPayloadLimit, payloadBytesForAll, watched } from "./payload-sizes.ts";
import { Overdue, type Peer, within } from "./peer.ts";
import type { ConformanceContext } from "./suite.ts";

export interface ConformanceCase {
  name: string;
  /** `echo`: any server that echoes. `scripted`: one that also takes orders, which ours do. `none`: the client alone. */
  server: "echo" | "scripted" | "none";
  run(context: ConformanceContext): Promise<void>;
}

/** Many messages; fewer where each is a request of its own, which a server of others may well count. */
const burstOf = ({ server }: ConformanceContext["protocol"]): number =>
  server.traits.downlink === "response" ? 100 : 1000;
const numbered = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix} ${i}`);

/** Boundaries of the length fields of RFC 6455 section 5.2, which other framings have near the same places. */
const boundarySizesBytes = [0, 1, 125, 126, 65_535, payloadBytesForAll];

const hostileTexts = [
  "line\nfeed",
  "carriage\rreturn\r\n",
  "\n",
  "  spaces around\t",
  "NUL \u0000 and \u001f",
  "<body attr='1'>&amp;&lt;]]></body><!-- -->",
  `"quotes" and \\ backslash`,
  "data: event\n\ndata: injected",
  "emoji \u{1f600} and \u{10ffff}",
  "byte order mark \ufeff and noncharacter \uffff",
  "line separator \u2028 paragraph \u2029",
];

const hostileBytes = [
  Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  Buffer.from([0xff, 0xfe, 0x00, 0xc0, 0x80]),
  Buffer.from("text that came as bytes"),
];

export const cases: readonly ConformanceCase[] = [
  {
    name: "connects and stays open",
    server: "echo",
    async run({ connect }) {
      await using peer = await connect();
      await assertEcho(peer, "hello");
      const state = await Promise.race([peer.connection.closed, Promise.resolve("open")]);
      assert.equal(state, "open", "the connection closed by itself");
    },
  },
  {
    name: "echoes text and binary unchanged at the sizes where framings change",
    server: "echo",
    async run(context) {
      await using peer = await context.connect();
      for (const size of boundarySizesBytes) {
        try {
          await assertEchoOf(size, peer, context);
        } catch (error) {
          if (!(error instanceof Overdue) || size === 0) throw error;
          // Many servers do not refuse what is over their limits, but read it slowly.
          const sentence = `no message of ${size} bytes came back in time, though shorter ones did: the server may limit the rate of a connection, which must be off where it is measured, or drop what is long`;
          throw new Error(sentence);
        }
      }
    },
  },
  {
    name: "echoes text and binary of up to 1 MiB unchanged, unless its owner limits payloads",
    server: "echo",
    run: findPayloadLimit,
  },
  {
    name: "echoes text and bytes that are hostile to text framings",
    server: "echo",
    async run({ connect }) {
      await using peer = await connect();
      for (const payload of [...hostileTexts, ...hostileBytes]) await assertEcho(peer, payload);
    },
  },
  {
    name: "keeps the order and loses or duplicates nothing of many messages sent in one turn",
    server: "echo",
    async run(context) {
      await using peer = await context.connect();
      const burst = burstOf(context.protocol);
      const sent = numbered(burst, "message");
      const payloads = await watched(context, `${burst} short messages`, sent.join("").length, () => {
        for (const text of sent) peer.send(text);
        return peer.receiveMany(burst, context.patienceMs);
      });
      assertSequence(payloads, sent);
      await assertEcho(peer, "nothing after the last");
    },
  },
  {
    name: "delivers messages the client did not ask for",
    server: "scripted",
    async run({ connect }) {
      await using peer = await connect();
      peer.send(`${scriptMark}push 3`);
      assertSequence(await peer.receiveMany(3), numbered(3, "push"));
    },
  },
  {
    name: "carries many messages each way at once",
    server: "scripted",
    async run({ connect, protocol }) {
      await using peer = await connect();
      const burst = burstOf(protocol);
      const sent = numbered(burst, "up");
      peer.send(`${scriptMark}push ${burst}`);
      for (const text of sent) peer.send(text);
      const received = await peer.receiveMany(2 * burst);
      const pushed = (payload: Payload): boolean => typeof payload === "string" && payload.startsWith("push");
      assertSequence(received.filter(pushed), numbered(burst, "push"));
      assertSequence(
        received.filter((payload) => !pushed(payload)),
        sent,
      );
    },
  },
  {
    name: "keeps two connections apart",
    server: "echo",
    async run({ connect }) {
      await using first = await connect();
      await using second = await connect();
      for (const i of [1, 2, 3]) {
        first.send(`first ${i}`);
        second.send(`second ${i}`);
      }
      assertSequence(await first.receiveMany(3), ["first 1", "first 2", "first 3"]);
      assertSequence(await second.receiveMany(3), ["second 1", "second 2", "second 3"]);
    },
  },
  {
    name: "delivers a publish exactly once to each of 20 subscribers and not to others",
    server: "scripted",
    async run({ connect, protocol }) {
      // Elsewhere what comes unasked waits for a request of the subscriber.
      const isPushed = protocol.server.traits.downlink !== "response";
      await using publisher = await connect();
      await using group = new AsyncDisposableStack();
      const subscribers = await Promise.all(Array.from({ length: 20 }, async () => group.use(await connect())));
      for (const subscriber of subscribers) {
        assert.equal(await subscriber.ask(`${scriptMark}subscribe`), "subscribed");
      }
      publisher.send(`${scriptMark}publish news`);
      if (isPushed) for (const subscriber of subscribers) assert.equal(await subscriber.receive(), "news");
      // An echo after it proves that nothing else was on the way.
      await assertEcho(publisher, "sentinel");
      for (const subscriber of subscribers) {
        if (isPushed) await assertEcho(subscriber, "sentinel");
        else {
          subscriber.send("sentinel");
          assertSequence(await subscriber.receiveMany(2), ["news", "sentinel"]);
        }
      }
    },
  },
  {
    name: "refuses to queue more than its bound for a peer that does not read",
    server: "scripted",
    async run({ connect }) {
      await using peer = await connect({ queueBytesMax: 1024 * 1024 });
      const chunk = "q".repeat(64 * 1024);
      peer.send(`${scriptMark}stall`);
      assertRefuses("queue-full", () => {
        for (let sent = 0; sent < 64 * 1024 * 1024; sent += chunk.length) peer.send(chunk);
      });
    },
  },
  {
    name: "says that nothing listens when nothing does",
    server: "none",
    async run(context) {
      const port = await closedPort();
      await assertRejects("connect-refused", connectTo(context, port));
    },
  },
  {
    name: "gives up a handshake when told to, and leaves no socket behind",
    server: "none",
    async run(context) {
      const silent = createServer();
      silent.listen(0, "127.0.0.1");
      await once(silent, "listening");
      try {
        const { port } = silent.address() as AddressInfo;
        const abort = new AbortController();
        const attempt = connectTo(context, port, abort.signal);
        attempt.catch(() => {});
        const [socket] = (await within(once(silent, "connection"), "the client did not connect")) as [Socket];
        const gone = new Promise((resolve) => socket.once("close", resolve));
        socket.on("error", () => {}).resume();
        abort.abort();
        await assertRejects("aborted", attempt);
        await within(gone, "the client's socket did not close");
      } finally {
        silent.close();
      }
    },
  },
  {
    name: "tells the client when the server closes",
    server: "scripted",
    async run({ connect }) {
      await using peer = await connect();
      peer.send(`${scriptMark}close`);
      const { by } = await within(peer.connection.closed, "the client did not see the close");
      assert.equal(by, "server");
    },
  },
  {
    name: "tells the server when a client closes, over 50 connections one after the other",
    server: "scripted",
    async run({ connect }) {
      await using observer = await connect();
      for (let i = 0; i < 50; i++) {
        await using peer = await connect();
        await assertEcho(peer, `visit ${i}`);
      }
      await within(onlyOneLeft(observer), "the server still holds connections of clients that are gone");
    },
  },
  {
    name: "closes once, however often it is asked, and sends nothing afterwards",
    server: "echo",
    async run({ connect }) {
      const peer = await connect();
      await Promise.all([peer.connection.close(), peer.connection.close()]);
      await peer.connection.close();
      assert.equal((await peer.connection.closed).by, "client");
      assertRefuses("closed", () => peer.send("too late"));
    },
  },
  {
    name: "rejects a payload over the limit on the client's side",
    server: "none",
    async run({ connect }) {
      await using peer = await connect();
      assertRefuses("payload-too-large", () => peer.send("x".repeat(defaultLimits.payloadBytesMax + 1)));
      assertRefuses("payload-too-large", () => peer.send(Buffer.alloc(defaultLimits.payloadBytesMax + 1)));
    },
  },
  {
    name: "rejects a payload over the limit on the server's side, and goes on serving others",
    server: "scripted",
    async run({ connect }) {
      await using other = await connect();
      await using peer = await connect({ payloadBytesMax: defaultLimits.payloadBytesMax * 2 });
      peer.send("x".repeat(defaultLimits.payloadBytesMax + 1));
      await within(peer.connection.closed, "the server neither refused nor closed");
      await assertEcho(other, "still here");
    },
  },
];

function assertRefuses(code: WirebenchError["code"], act: () => void): void {
  assert.throws(act, (error) => error instanceof WirebenchError && error.code === code);
}

async function assertRejects(code: WirebenchError["code"], attempt: Promise<unknown>): Promise<void> {
  try {
    await within(attempt, "the attempt neither failed nor succeeded");
  } catch (error) {
    assert.equal(error instanceof WirebenchError ? error.code : error, code);
    return;
  }
  assert.fail(`expected a failure with code ${code}, but it connected`);
}

function connectTo(
  { protocol, url, options }: ConformanceContext,
  port: number,
  signal?: AbortSignal,
): Promise<unknown> {
  const elsewhere = new URL(url);
  elsewhere.hostname = "127.0.0.1";
  elsewhere.port = String(port);
  return connectClient(protocol.client, {
    url: elsewhere.href,
    limits: defaultLimits,
    user: 0,
    options,
    onMessage() {},
    ...(signal && { signal }),
  });
}

async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function onlyOneLeft(observer: Peer): Promise<void> {
  while ((await observer.ask(`${scriptMark}connections`)) !== "1");
}
