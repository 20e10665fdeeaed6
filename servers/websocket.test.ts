import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { websocketClient } from "../clients/websocket.ts";
import { type Behaviour, defaultLimits, type RunningServer, type ServerConnection } from "../protocol/contract.ts";
import { echo, join, RawPeer, start, stillServes } from "./testing.ts";
import { websocketServer } from "./websocket.ts";

/** RFC 6455 section 5.2. */
const opcodes = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9 } as const;

/** One final frame; masked with zeros, which leaves the payload readable. */
function frame(opcode: number, payload: Uint8Array | string, { masked = true } = {}): Buffer {
  const body = Buffer.from(payload as string);
  const length =
    body.byteLength < 126 ? Buffer.of(body.byteLength) : Buffer.of(126, body.byteLength >> 8, body.byteLength);
  length[0]! |= masked ? 0x80 : 0;
  return Buffer.concat([Buffer.of(0x80 | opcode), length, Buffer.alloc(masked ? 4 : 0), body]);
}

/** A close frame with this code, as it looks in what a `RawPeer` received. */
const closeFrame = (code: number): RegExp =>
  new RegExp(
    `\\x88[\\s\\S]${String.fromCharCode(code >> 8)}${String.fromCharCode(code & 255).replace(/[\W]/, "\\$&")}`,
  );

const upgrade = (headers: Record<string, string> = {}): string => {
  const lines = {
    Host: "x",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const text = Object.entries(lines).filter(([, value]) => value !== "");
  return `GET / HTTP/1.1\r\n${text.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
};

/** A peer whose upgrade is done. */
async function upgraded(t: TestContext, { url }: RunningServer): Promise<RawPeer> {
  const peer = await RawPeer.connect(t, url);
  await peer.write(upgrade()).until(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
  return peer;
}

describe("the websocket server", { timeout: 20_000 }, () => {
  it("answers 426 with Upgrade to a plain request", async (t) => {
    const { url } = await start(t, websocketServer);
    const peer = await RawPeer.connect(t, url);
    const answer = await peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n").untilEnd();
    assert.match(answer, /^HTTP\/1\.1 426 /);
    assert.match(answer, /\r\nupgrade: websocket\r\n/i);
    await stillServes(websocketClient, url);
  });

  it("rejects with the cause where the port is taken", async (t) => {
    const { url } = await start(t, websocketServer);
    const port = Number(new URL(url).port);
    const options = { host: "127.0.0.1", port, behaviour: echo, limits: defaultLimits };
    await assert.rejects(websocketServer.listen(options), { code: "EADDRINUSE" });
  });

  it("closes with 1012 for a restart", async (t) => {
    const running = await start(t, websocketServer, {}, (connection) => {
      connection.close("restart");
      return { message() {}, closed() {} };
    });
    const peer = await upgraded(t, running);
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
      assert.match(await peer.write(upgrade(headers)).untilEnd(), /^HTTP\/1\.1 4(00|26) /);
      assert.equal(running.connections, 0);
      await stillServes(websocketClient, running.url);
    });
  }

  it("answers 400 to what is not HTTP", async (t) => {
    const { url } = await start(t, websocketServer);
    const peer = await RawPeer.connect(t, url);
    assert.match(await peer.write("\0\0\0\0\r\n\r\n").untilEnd(), /^HTTP\/1\.1 400 /);
    await stillServes(websocketClient, url);
  });

  it("answers 431 to a flood of headers", async (t) => {
    const { url } = await start(t, websocketServer);
    const peer = await RawPeer.connect(t, url);
    peer.write(`GET / HTTP/1.1\r\nHost: x\r\n${"X-Flood: 0123456789\r\n".repeat(2000)}`);
    assert.match(await peer.untilEnd(), /^HTTP\/1\.1 431 /);
    await stillServes(websocketClient, url);
  });

  it("answers 408 to a handshake that takes too long, and closes a peer that begins none", async (t) => {
    const { url } = await start(t, websocketServer, { handshakeMs: 200 });
    const silent = await RawPeer.connect(t, url);
    const slow = await RawPeer.connect(t, url);
    assert.match(await slow.write("GET / HTTP/1.1\r\nUpgrade: webso").untilEnd(), /^HTTP\/1\.1 408 /);
    await silent.untilEnd();
    await stillServes(websocketClient, url);
  });

  it("keeps a connection open for longer than a handshake may take", async (t) => {
    const running = await start(t, websocketServer, { handshakeMs: 100 });
    const peer = await upgraded(t, running);
    const slow = await RawPeer.connect(t, running.url);
    await slow.write("GET ").untilEnd();
    await peer.write(frame(opcodes.text, "still here")).until(/still here/);
  });

  it("forgets a peer that leaves in the middle of a frame", async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const running = await start(t, websocketServer, {}, () => ({ message: () => {}, closed: resolve }));
    const peer = await upgraded(t, running);
    peer.write(frame(opcodes.text, "truncated").subarray(0, 9));
    peer.socket.end();
    await closed;
    assert.equal(running.connections, 0);
  });

  it("closes with 1009 for a message over the limit, from its header alone", async (t) => {
    const running = await start(t, websocketServer, { payloadBytesMax: 100 });
    const peer = await upgraded(t, running);
    await peer.write(frame(opcodes.binary, Buffer.alloc(101)).subarray(0, 6)).until(closeFrame(1009));
    await stillServes(websocketClient, running.url);
  });

  it("closes with 1009 for a message whose fragments are over the limit together", async (t) => {
    const running = await start(t, websocketServer, { payloadBytesMax: 100 });
    const peer = await upgraded(t, running);
    const first = frame(opcodes.text, "x".repeat(60));
    first[0]! &= 0x7f;
    const last = frame(0, "x".repeat(60));
    await peer.write(first).write(last).until(closeFrame(1009));
    await stillServes(websocketClient, running.url);
  });

  it("closes with 1002 for a frame that is not masked", async (t) => {
    const running = await start(t, websocketServer);
    const peer = await upgraded(t, running);
    await peer.write(frame(opcodes.text, "bare", { masked: false })).until(closeFrame(1002));
    await stillServes(websocketClient, running.url);
  });

  it("closes with 1002 for a reserved opcode", async (t) => {
    const running = await start(t, websocketServer);
    const peer = await upgraded(t, running);
    await peer.write(frame(0x3, "?")).until(closeFrame(1002));
    await stillServes(websocketClient, running.url);
  });

  it("closes with 1007 for text that is not UTF-8", async (t) => {
    const running = await start(t, websocketServer);
    const peer = await upgraded(t, running);
    await peer.write(frame(opcodes.text, Buffer.of(0xc3, 0x28))).until(closeFrame(1007));
    await stillServes(websocketClient, running.url);
  });

  it("answers 503 to a connection over the limit and serves again when one has gone", async (t) => {
    const running = await start(t, websocketServer, { connectionsMax: 1 });
    const first = await join(websocketClient, running.url);
    await assert.rejects(join(websocketClient, running.url), { code: "connect-failed", message: /503/ });
    await first.close();
    while (running.connections > 0) await new Promise(setImmediate);
    await stillServes(websocketClient, running.url);
  });

  it("drops a consumer that does not read, and nobody else", async (t) => {
    let slow: ServerConnection | undefined;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const behaviour: Behaviour = (connection) => {
      const isSlow = slow === undefined;
      slow ??= connection;
      return { message: (payload) => connection.send(payload), closed: () => isSlow && resolve() };
    };
    const running = await start(t, websocketServer, { queueBytesMax: 100_000 }, behaviour);
    const peer = (await upgraded(t, running)).stopReading();
    const flood = (): void => {
      if (running.connections === 0) return;
      slow!.send("x".repeat(10_000));
      setImmediate(flood);
    };
    flood();
    await closed;
    await stillServes(websocketClient, running.url);
    peer.socket.destroy();
  });

  it("drops a peer that pings and does not read the answers", async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const running = await start(t, websocketServer, { queueBytesMax: 100_000 }, (connection) => ({
      message: (payload) => connection.send(payload),
      closed: resolve,
    }));
    const peer = (await upgraded(t, running)).stopReading();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(opcodes.ping, "x".repeat(125))));
    const flood = (): void => void (peer.socket.writable && peer.socket.write(pings, () => setImmediate(flood)));
    flood();
    await closed;
    await stillServes(websocketClient, running.url);
  });
});
