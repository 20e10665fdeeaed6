import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { websocketClient } from "../clients/websocket.ts";
import {
  closeFrame,
  opcodes,
  RawPeer,
  start,
  stillServes,
  webSocketFrame,
  webSocketPeer,
  webSocketUpgrade,
} from "./testing.ts";
import { websocketServer } from "./websocket.ts";

describe("the websocket server", { timeout: 120_000 }, () => {
  it("answers 426 with Upgrade to a plain request", async (t) => {
    const { url } = await start(t, websocketServer);
    const peer = await RawPeer.connect(t, url);
    const answer = await peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n").untilEnd();
    assert.match(answer, /^HTTP\/1\.1 426 /);
    assert.match(answer, /\r\nupgrade: websocket\r\n/i);
    await stillServes(websocketClient, url);
  });

  it("closes with 1012 for a restart", async (t) => {
    const running = await start(t, websocketServer, {}, (connection) => {
      connection.close("restart");
      return { message() {}, closed() {} };
    });
    const peer = await webSocketPeer(t, running.url);
    await peer.until(closeFrame(1012));
  });

  const badUpgrades = {
    "has no key": { "Sec-WebSocket-Key": "" },
    "has a key that is not 16 bytes": { "Sec-WebSocket-Key": "c2hvcnQ=" },
    "has no version": { "Sec-WebSocket-Version": "" },
    "asks for another version": { "Sec-WebSocket-Version": "99" },
    "asks for another protocol than WebSocket": { Upgrade: "h2c" },
  };
  for (const [fault, headers] of Object.entries(badUpgrades)) {
    it(`answers 4xx to an upgrade that ${fault}`, async (t) => {
      const running = await start(t, websocketServer);
      const peer = await RawPeer.connect(t, running.url);
      assert.match(await peer.write(webSocketUpgrade(headers)).untilEnd(), /^HTTP\/1\.1 4(00|26) /);
      assert.equal(running.connections, 0);
      await stillServes(websocketClient, running.url);
    });
  }

  it("closes with 1009 for a message whose fragments are over the limit together", async (t) => {
    const running = await start(t, websocketServer, { payloadBytesMax: 100 });
    const peer = await webSocketPeer(t, running.url);
    const first = webSocketFrame(opcodes.text, "x".repeat(60));
    first[0]! &= 0x7f;
    const last = webSocketFrame(0, "x".repeat(60));
    await peer.write(first).write(last).until(closeFrame(1009));
    await stillServes(websocketClient, running.url);
  });

  it("closes with 1002 for a frame that is not masked", async (t) => {
    const running = await start(t, websocketServer);
    const peer = await webSocketPeer(t, running.url);
    await peer.write(webSocketFrame(opcodes.text, "bare", { masked: false })).until(closeFrame(1002));
    await stillServes(websocketClient, running.url);
  });

  it("closes with 1002 for a reserved opcode", async (t) => {
    const running = await start(t, websocketServer);
    const peer = await webSocketPeer(t, running.url);
    await peer.write(webSocketFrame(0x3, "?")).until(closeFrame(1002));
    await stillServes(websocketClient, running.url);
  });

  it("closes with 1007 for text that is not UTF-8", async (t) => {
    const running = await start(t, websocketServer);
    const peer = await webSocketPeer(t, running.url);
    await peer.write(webSocketFrame(opcodes.text, Buffer.of(0xc3, 0x28))).until(closeFrame(1007));
    await stillServes(websocketClient, running.url);
  });

  it("drops a peer that pings and does not read the answers", async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const running = await start(t, websocketServer, { queueBytesMax: 100_000 }, (connection) => ({
      message: (payload) => connection.send(payload),
      closed: resolve,
    }));
    const peer = (await webSocketPeer(t, running.url)).stopReading();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => webSocketFrame(opcodes.ping, "x".repeat(125))));
    const flood = (): void => void (peer.socket.writable && peer.socket.write(pings, () => setImmediate(flood)));
    flood();
    await closed;
    await stillServes(websocketClient, running.url);
  });
});
