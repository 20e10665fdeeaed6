import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tcpClient } from "../clients/tcp.ts";
import type { Behaviour, ServerConnection } from "../protocol/contract.ts";
import { encodeFrame } from "../protocol/wires/frame.ts";
import { tcpServer } from "./tcp.ts";
import { join, RawPeer, start, stillServes } from "./testing.ts";

const header = (length: number, kind: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(length);
  bytes[4] = kind;
  return bytes;
};

describe("the tcp server", { timeout: 20_000 }, () => {
  it("echoes frames whose bytes come one by one", async (t) => {
    const { url } = await start(t, tcpServer);
    const peer = await RawPeer.connect(t, url);
    peer.socket.setNoDelay(true);
    for (const byte of encodeFrame("héllo")) peer.write(Uint8Array.of(byte));
    await peer.until(new RegExp(`${encodeFrame("héllo").toString("latin1")}$`, "s"));
  });

  it("says why and closes for a frame over the limit, from its header alone", async (t) => {
    const { url } = await start(t, tcpServer, { payloadBytesMax: 100 });
    const peer = await RawPeer.connect(t, url);
    assert.match(await peer.write(header(101, 0)).untilEnd(), /frame of 101 bytes is over the limit of 100$/);
    await stillServes(tcpClient, url);
  });

  it("says why and closes for an unknown kind of frame", async (t) => {
    const { url } = await start(t, tcpServer);
    const peer = await RawPeer.connect(t, url);
    assert.match(await peer.write(header(1, 9)).untilEnd(), /unknown frame kind 9$/);
    await stillServes(tcpClient, url);
  });

  it("cuts off a peer that was told to go and stays", async (t) => {
    const { url } = await start(t, tcpServer, { handshakeMs: 50 });
    const peer = await RawPeer.connect(t, url);
    const closed = new Promise((resolve) => peer.socket.once("close", resolve));
    await peer.write(header(1, 9)).untilEnd();
    // The socket allows half-open: only a reset by the server, which comes with the next bytes, closes it.
    const sendOn = (): void => void (peer.socket.writable && peer.socket.write("more", () => setImmediate(sendOn)));
    sendOn();
    await closed;
  });

  it("cuts off a peer that stays although the behaviour closed", async (t) => {
    const running = await start(t, tcpServer, { handshakeMs: 50 }, (connection) => {
      connection.close();
      return { message: () => {}, closed: () => {} };
    });
    const peer = await RawPeer.connect(t, running.url);
    await peer.untilEnd();
    while (running.connections > 0) await new Promise(setImmediate);
  });

  it("forgets a peer that leaves in the middle of a frame", async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const running = await start(t, tcpServer, {}, (connection) => ({
      message: (payload) => connection.send(payload),
      closed: resolve,
    }));
    const peer = await RawPeer.connect(t, running.url);
    await peer.write(encodeFrame("whole")).until(/whole/);
    peer.write(header(100, 0)).write("only some");
    peer.socket.end();
    await closed;
    await stillServes(tcpClient, running.url);
  });

  it("survives a peer that resets", async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const running = await start(t, tcpServer, {}, (connection) => ({
      message: (payload) => connection.send(payload),
      closed: resolve,
    }));
    const peer = await RawPeer.connect(t, running.url);
    await peer.write(encodeFrame("whole")).until(/whole/);
    peer.socket.resetAndDestroy();
    await closed;
    await stillServes(tcpClient, running.url);
  });

  it("drops a consumer that does not read, and nobody else", async (t) => {
    let slow: ServerConnection | undefined;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const behaviour: Behaviour = (connection) => {
      const isSlow = slow === undefined;
      slow ??= connection;
      return { message: (payload) => connection.send(payload), closed: () => isSlow && resolve() };
    };
    const running = await start(t, tcpServer, { queueBytesMax: 100_000 }, behaviour);
    const peer = await RawPeer.connect(t, running.url);
    await peer.write(encodeFrame("x")).until(/x/);
    peer.stopReading();
    const flood = (): void => {
      if (running.connections === 0) return;
      slow!.send("x".repeat(10_000));
      setImmediate(flood);
    };
    flood();
    await closed;
    await stillServes(tcpClient, running.url);
  });

  it("refuses a connection over the limit, says so, and serves again when one has gone", async (t) => {
    const running = await start(t, tcpServer, { connectionsMax: 1 });
    const first = await join(tcpClient, running.url);
    first.send("counted");
    await first.next();
    const second = await join(tcpClient, running.url);
    assert.deepEqual(await second.closed, { by: "server", message: "too many connections" });
    assert.equal(running.connections, 1);
    await first.close();
    while (running.connections > 0) await new Promise(setImmediate);
    await stillServes(tcpClient, running.url);
  });
});
