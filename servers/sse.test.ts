import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Behaviour, ServerConnection } from "../protocol/contract.ts";
import { heartbeatName } from "../protocol/options/heartbeat.ts";
import { until } from "../protocol/testing.ts";
import { sseServer } from "./sse.ts";
import { RawPeer, start } from "./testing.ts";

const request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

describe("the sse server", { timeout: 120_000 }, () => {
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

  it("sends no comments to a peer that takes nothing", async (t) => {
    const everyMs = 50;
    let opened: ServerConnection | undefined;
    const filling: Behaviour = (connection) => {
      opened = connection;
      return { message: () => {}, closed: () => {} };
    };
    const { url } = await start(t, sseServer, {}, filling, { [heartbeatName]: `${everyMs}ms` });
    const peer = await RawPeer.connect(t, url);
    await peer.write(request).until(/\n:\n\n/);
    peer.stopReading();
    const message = "x".repeat(65_536);
    let left = 0;
    // Until the kernel has taken nothing since the last time.
    await until(() => {
      const isFull = left > 0 && opened!.queuedBytes === left;
      if (!isFull) for (let count = 0; count < 16; count++) opened!.send(message);
      left = opened!.queuedBytes!;
      return isFull;
    });
    await wait(everyMs);
    const waiting = opened!.queuedBytes!;
    await wait(4 * everyMs);
    assert.ok(opened!.queuedBytes! <= waiting, "nothing is added to what waits");
  });

  it("gives events the ids they are to be named by, and tells a behaviour the one that a peer names", async (t) => {
    const behaviour: Behaviour = (connection) => {
      connection.send(`after ${connection.resumesFrom}`, "42");
      return { message: () => {}, closed: () => {} };
    };
    const { url } = await start(t, sseServer, {}, behaviour);
    const first = await RawPeer.connect(t, url);
    assert.match(await first.write(request).until(/after/), /\nid: 42\ndata: "after undefined/);
    const second = await RawPeer.connect(t, url);
    await second.write(request.replace(/\r\n$/, "Last-Event-ID: 41\r\n\r\n")).until(/data: "after 41"\n\n/);
    const third = await RawPeer.connect(t, url);
    await third.write(request.replace(/\r\n$/, "Last-Event-ID: 4€\r\n\r\n"));
    // As a raw peer shows UTF-8.
    await third.until(/data: "after 4\xe2\x82\xac"\n\n/);
  });

  it("says how long to wait before coming back, where it is asked to", async (t) => {
    const { url } = await start(t, sseServer, {}, undefined, { retry: "3s" });
    const peer = await RawPeer.connect(t, url);
    await peer.write(request).until(/\nretry: 3000\nevent: connection\n/);
    const silent = await start(t, sseServer);
    const other = await RawPeer.connect(t, silent.url);
    assert.doesNotMatch(await other.write(request).until(/\n\n/), /retry/);
  });
});
