/** What a server with `+h2` does with peers that mean no good or can do no better, in clear and over TLS. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { describe, it, type TestContext } from "node:test";
import { longPollingClient } from "../../clients/long-polling.ts";
import { sseClient } from "../../clients/sse.ts";
import type { Behaviour, Limits, RunningServer } from "../../protocol/contract.ts";
import { http2Windows } from "../../protocol/options/h2.ts";
import { longPollingServer } from "../long-polling.ts";
import { sseServer } from "../sse.ts";
import { echo, join, RawPeer, start, timePassing } from "../testing.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const types = { headers: 1, settings: 4, ping: 6, continuation: 9 } as const;

/** RFC 9113 section 4.1. */
function frame(type: number, flags: number, stream: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

for (const secured of [false, true]) {
  const options = { h2: "on", ...(secured && { tls: "direct" }) };

  describe(`an HTTP/2 server ${secured ? "over TLS" : "in clear"}`, { timeout: 120_000 }, () => {
    const serve = (
      t: TestContext,
      limits: Partial<Limits> = {},
      behaviour: Behaviour = echo,
      server = sseServer,
    ): Promise<RunningServer> => start(t, server, limits, behaviour, options);
    const open = (t: TestContext, url: string): ClientHttp2Session => {
      const session = connect(url).on("error", () => {});
      t.after(() => session.destroy());
      return session;
    };
    const statusOf = async (stream: ClientHttp2Stream): Promise<unknown> =>
      (
        await once(
          stream.on("error", () => {}),
          "response",
        )
      )[0][":status"];
    const stillServes = async (url: string): Promise<void> => {
      const user = await join(sseClient, url, {}, options);
      user.send("still there?");
      assert.equal(await user.next(), "still there?");
      await user.close();
    };

    it("says its windows and how many requests it takes at once", async (t) => {
      const { url } = await serve(t);
      const session = open(t, url);
      const [settings] = await once(session, "remoteSettings");
      assert.equal(settings.initialWindowSize, http2Windows.server.stream);
      assert.equal(settings.maxConcurrentStreams, 100);
    });

    it("drops a peer that says nothing, half a preface or half a request in time", async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const { url } = await serve(t);
      const half = [preface, frame(types.settings, 0, 0), frame(types.headers, 0, 1, Buffer.of(0x82))];
      for (const bytes of [[], [preface.slice(0, 10)], half]) {
        if (secured) break;
        const peer = await RawPeer.connect(t, url);
        for (const part of bytes) peer.write(part);
        await timePassing(t, peer.untilEnd());
      }
      const session = open(t, url);
      // Over TLS, too, it is there.
      await once(session, "remoteSettings");
      await timePassing(t, once(session, "close"));
      t.mock.timers.reset();
      await stillServes(url);
    });

    it("refuses a peer that speaks HTTP/1.1, and serves others", async (t) => {
      const { url } = await serve(t);
      const peer = await RawPeer.connect(t, url);
      await peer.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n").untilEnd();
      assert.doesNotMatch(peer.received, /HTTP\/1\.1 200/);
      await stillServes(url);
    });

    it("answers 408 to a request whose body does not come, and 413 to one that is too large", async (t) => {
      const running = await serve(t, { payloadBytesMax: 100 });
      const user = await join(sseClient, running.url, {}, options);
      const session = open(t, running.url);
      const events = session.request({ ":path": "/events" });
      const [first] = await once(events, "data");
      const path = /"uplink":"([^"]+)"/.exec(String(first))![1]!;
      const post = (): ClientHttp2Stream =>
        session.request({ ":method": "POST", ":path": path, "content-type": "application/json" });
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const slow = post();
      slow.write("[");
      assert.equal(await timePassing(t, statusOf(slow)), 408);
      t.mock.timers.reset();
      const large = post();
      large.write(`["${"x".repeat(10_000)}`);
      assert.equal(await statusOf(large), 413);
      user.send("unharmed");
      assert.equal(await user.next(), "unharmed");
      await user.close();
    });

    it("answers 503 to a user too many", async (t) => {
      const { url } = await serve(t, { connectionsMax: 1 });
      const user = await join(sseClient, url, {}, options);
      assert.equal(await statusOf(open(t, url).request({ ":path": "/events" })), 503);
      await user.close();
    });

    it("gives up who does not read, and serves others", async (t) => {
      const { promise: gaveUp, resolve } = Promise.withResolvers<void>();
      let users = 0;
      const running = await serve(t, { queueBytesMax: 200_000 }, (connection) => {
        const timer = ++users === 2 ? setInterval(() => connection.send("x".repeat(50_000)), 1) : undefined;
        return {
          message: (payload) => connection.send(payload),
          gaveUp: resolve,
          closed: () => clearInterval(timer),
        };
      });
      const healthy = await join(sseClient, running.url, {}, options);
      open(t, running.url)
        .request({ ":path": "/events" })
        .on("error", () => {})
        .pause();
      await gaveUp;
      healthy.send("still there?");
      assert.equal(await healthy.next(), "still there?");
      await healthy.close();
    });

    it("survives who opens requests and cancels them at once", async (t) => {
      const running = await serve(t);
      const session = open(t, running.url);
      await once(session, "remoteSettings");
      for (let round = 0; round < 2000 && !session.destroyed; round++) {
        session
          .request({ ":path": "/events" })
          .on("error", () => {})
          .close(constants.NGHTTP2_CANCEL);
        if (round % 50 === 0) await new Promise(setImmediate);
      }
      await stillServes(running.url);
    });

    if (!secured) {
      const floods: Readonly<Record<string, readonly [Buffer, Buffer]>> = {
        "headers without end": [
          frame(types.headers, 0, 1, Buffer.of(0x82)),
          // A literal field that is not indexed, "a: b" (RFC 7541 section 6.2.2).
          frame(types.continuation, 0, 1, Buffer.concat(Array(100).fill(Buffer.of(0, 1, 0x61, 1, 0x62)))),
        ],
        "pings whose answers it does not read": [Buffer.alloc(0), frame(types.ping, 0, 0, Buffer.alloc(8))],
        "settings whose answers it does not read": [Buffer.alloc(0), frame(types.settings, 0, 0)],
      };
      for (const [what, [first, more]] of Object.entries(floods)) {
        it(`cuts off a peer that sends ${what}, and serves others`, async (t) => {
          const running = await serve(t, { handshakeMs: 2000 });
          const peer = (await RawPeer.connect(t, running.url)).stopReading();
          const closed = new Promise((resolve) => peer.socket.once("close", resolve));
          peer
            .write(preface)
            .write(frame(types.settings, 0, 0))
            .write(first);
          const many = Buffer.concat(Array(500).fill(more));
          const sendOn = (): void => void (peer.socket.writable && peer.socket.write(many, () => setImmediate(sendOn)));
          sendOn();
          await closed;
          await stillServes(running.url);
        });
      }
    }

    for (const [client, server] of [
      [sseClient, sseServer],
      [longPollingClient, longPollingServer],
    ] as const) {
      it(`carries all of a user of ${server.traits.name} on one connection`, async (t) => {
        let accepted = 0;
        const running = await serve(t, {}, echo, server);
        const { subscribe, unsubscribe } = await import("node:diagnostics_channel");
        const count = (): void => void accepted++;
        subscribe("net.server.socket", count);
        t.after(() => unsubscribe("net.server.socket", count));
        const user = await join(client, running.url, {}, options);
        for (let round = 0; round < 5; round++) {
          user.send("x");
          await user.next();
        }
        assert.equal(accepted, 1);
        await user.close();
      });
    }
  });
}
