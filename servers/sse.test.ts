import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sseClient } from "../clients/sse.ts";
import type { Behaviour, ServerConnection } from "../protocol/contract.ts";
import { sseServer } from "./sse.ts";
import { RawPeer, start, stillServes } from "./testing.ts";

const request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

describe("the sse server", { timeout: 20_000 }, () => {
  it("opens a stream whose first event says where to post", async (t) => {
    const { url } = await start(t, sseServer);
    const peer = await RawPeer.connect(t, url);
    const stream = await peer.write(request).until(/\n\n/);
    assert.match(stream, /^HTTP\/1\.1 200 [\s\S]*content-type: text\/event-stream\r\n/i);
    assert.match(stream, /\r\nevent: connection\ndata: \{"uplink":"\/connections\/[0-9a-f-]{36}\/messages"\}\n\n/);
  });

  it("writes each message as one event whose data is one line", async (t) => {
    const pushing: Behaviour = (connection) => {
      connection.send("a\r\nevent: forged\n\ndata: b");
      connection.send(Buffer.from([0, 10, 255]));
      return { message: () => {}, closed: () => {} };
    };
    const { url } = await start(t, sseServer, {}, pushing);
    const peer = await RawPeer.connect(t, url);
    const stream = await peer.write(request).until(/AAr\/\n\n/);
    assert.ok(stream.includes('data: "a\\r\\nevent: forged\\n\\ndata: b"\n\n'));
    assert.ok(stream.includes("event: binary\ndata: AAr/\n\n"));
  });

  it("drops a consumer that does not read, and nobody else", async (t) => {
    let slow: ServerConnection | undefined;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const behaviour: Behaviour = (connection) => {
      const isSlow = slow === undefined;
      slow ??= connection;
      return { message: (payload) => connection.send(payload), closed: () => isSlow && resolve() };
    };
    const running = await start(t, sseServer, { queueBytesMax: 100_000 }, behaviour);
    const peer = await RawPeer.connect(t, running.url);
    await peer.write(request).until(/\n\n/);
    peer.stopReading();
    const flood = (): void => {
      if (running.connections === 0) return;
      slow!.send("x".repeat(10_000));
      setImmediate(flood);
    };
    flood();
    await closed;
    await stillServes(sseClient, running.url);
  });

  it("ends the stream in order when the behaviour closes", async (t) => {
    const behaviour: Behaviour = (connection) => {
      connection.send("last words");
      connection.close();
      return { message: () => {}, closed: () => {} };
    };
    const running = await start(t, sseServer, {}, behaviour);
    const peer = await RawPeer.connect(t, running.url);
    // The last chunk of RFC 9112 section 7.1.
    await peer.write(request).until(/data: "last words"\n\n\r\n0\r\n\r\n$/);
    while (running.connections > 0) await new Promise(setImmediate);
  });

  it("keeps a stream open for longer than a request may take", async (t) => {
    const running = await start(t, sseServer, { handshakeMs: 100 });
    const peer = await RawPeer.connect(t, running.url);
    await peer.write(request).until(/\n\n/);
    // Another peer's request times out meanwhile, so the server has looked for those that are too slow.
    const slow = await RawPeer.connect(t, running.url);
    await slow.write("GET ").untilEnd();
    assert.equal(running.connections, 1);
    assert.equal(peer.socket.readableEnded, false);
  });

  it("tells the behaviour when the client has gone", async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const running = await start(t, sseServer, {}, () => ({ message: () => {}, closed: resolve }));
    const peer = await RawPeer.connect(t, running.url);
    await peer.write(request).until(/\n\n/);
    assert.equal(running.connections, 1);
    peer.socket.resetAndDestroy();
    await closed;
    assert.equal(running.connections, 0);
  });

  it("drops its streams when it is closed, twice if asked", async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const running = await start(t, sseServer, {}, () => ({ message: () => {}, closed: resolve }));
    const peer = await RawPeer.connect(t, running.url);
    await peer.write(request).until(/\n\n/);
    await Promise.all([running.close(), running.close(), peer.untilEnd(), closed]);
  });
});
