/** What servers may do within RFC 6455, and what they must not: both clients take and refuse the same. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { type ClientConnection, defaultLimits, type Payload } from "../protocol/contract.ts";
import { until } from "../protocol/testing.ts";
import { leanWebsocketClient } from "./lean/websocket.ts";
import { encodeMaskedFrame, FrameReader } from "./lean/websocket-frames.ts";
import { websocketClient } from "./websocket.ts";

const clients = { library: websocketClient, lean: leanWebsocketClient };
const limits = { ...defaultLimits, payloadBytesMax: 70_000 };

/** A frame of a server's, with any first byte. */
function frame(first: number, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  const { length } = bytes;
  const extended =
    length < 126
      ? [length]
      : length < 65_536
        ? [126, length >> 8, length & 255]
        : [127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from([first, ...extended]), bytes]);
}

const accept = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

interface Heard {
  readonly socket: Socket;
  /** Head of the request. */
  readonly request: string;
  /** Opcode and unmasked payload of each frame of the client. */
  readonly frames: { opcode: number; body: Buffer }[];
}

type Answer = (accept: string) => string;
const agree: Answer = (value) =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${value}\r\n\r\n`;

/** Answers the handshake, says `first` in the same segment, and keeps what it hears. */
async function listen(
  t: TestContext,
  answer: Answer,
  first: Buffer = Buffer.alloc(0),
): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer((socket) => {
    let bytes: Buffer = Buffer.alloc(0);
    let own: Heard | undefined;
    t.after(() => socket.destroy());
    socket
      .on("error", () => {})
      .on("data", (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (own === undefined) {
          const end = bytes.indexOf("\r\n\r\n");
          if (end === -1) return;
          own = { socket, request: bytes.toString("latin1", 0, end), frames: [] };
          bytes = bytes.subarray(end + 4);
          heard.push(own);
          const key = /sec-websocket-key: (.*)/i.exec(own.request)![1]!.trim();
          socket.write(Buffer.concat([Buffer.from(answer(accept(key)), "latin1"), first]));
        }
        bytes = unmasked(bytes, own.frames);
      });
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat?room=1`, heard };
}

/** Takes whole frames off the front; fails for one that is not masked. */
function unmasked(bytes: Buffer, frames: Heard["frames"]): Buffer {
  while (bytes.length >= 6) {
    assert.ok((bytes[1]! & 0x80) !== 0, "a client masks");
    const short = bytes[1]! & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head + 4) break;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
    if (bytes.length < head + 4 + length) break;
    const key = bytes.subarray(head, head + 4);
    const body = Buffer.from(bytes.subarray(head + 4, head + 4 + length).map((byte, at) => byte ^ key[at & 3]!));
    frames.push({ opcode: bytes[0]! & 15, body });
    bytes = bytes.subarray(head + 4 + length);
  }
  return bytes;
}

const texts: Record<string, { sent: Buffer; received: Payload[] }> = {
  "a text in fragments with a ping between, cut within a character": {
    sent: Buffer.concat([
      frame(0x01, Buffer.from([0xe2, 0x82])),
      frame(0x89, "!"),
      frame(0x00, Buffer.from([0xac])),
      frame(0x80, "5"),
    ]),
    received: ["€5"],
  },
  "several messages in one segment, an unasked pong between them": {
    sent: Buffer.concat([frame(0x81, "a"), frame(0x8a, "?"), frame(0x82, "b"), frame(0x81, "")]),
    received: ["a", Buffer.from("b"), ""],
  },
  "lengths of 7, 16 and 64 bits": {
    sent: Buffer.concat([125, 126, 65_535, 65_536].map((length) => frame(0x81, "x".repeat(length)))),
    received: [125, 126, 65_535, 65_536].map((length) => "x".repeat(length)),
  },
  "binary fragments, one of them empty": {
    sent: Buffer.concat([frame(0x02, "a"), frame(0x00, ""), frame(0x80, "b")]),
    received: [Buffer.from("ab")],
  },
};

/** What must not be, and the code that says so. */
const faults: Record<string, [sent: Buffer, code: number]> = {
  "a masked frame": [Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), 1002],
  "a reserved bit": [frame(0xc1, "x"), 1002],
  "an unknown opcode": [frame(0x83, "x"), 1002],
  "an unknown control opcode": [frame(0x8b, "x"), 1002],
  "a continuation of nothing": [frame(0x80, "x"), 1002],
  "a message within a fragmented one": [Buffer.concat([frame(0x01, "x"), frame(0x81, "y")]), 1002],
  "a ping in fragments": [frame(0x09, "x"), 1002],
  "a ping of 126 bytes": [frame(0x89, "x".repeat(126)), 1002],
  "a close code that may not be sent": [frame(0x88, Buffer.from([0x03, 0xed])), 1002],
  "a close frame of one byte": [frame(0x88, "x"), 1002],
  "a text that is not UTF-8": [frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
  "fragments that are not UTF-8 together": [
    Buffer.concat([frame(0x01, Buffer.from([0xe2])), frame(0x80, Buffer.from([0x28]))]),
    1007,
  ],
  "a message over the limit": [frame(0x82, Buffer.alloc(70_001)), 1009],
  "fragments over the limit together": [Buffer.concat([frame(0x02, Buffer.alloc(70_000)), frame(0x80, "x")]), 1009],
  "a length beyond all memory, announced only": [Buffer.from([0x82, 127, 0, 1, 0, 0, 0, 0, 0, 0]), 1009],
};

/** Answers that agree to nothing. */
const refused: Record<string, Answer> = {
  "without Sec-WebSocket-Accept": (value) => agree(value).replace(/Sec-WebSocket-Accept.*\r\n/, ""),
  "with the Sec-WebSocket-Accept of another key": () => agree(accept("other")),
  "that upgrades to something else": (value) => agree(value).replace("Upgrade: websocket", "Upgrade: h2c"),
  "with an extension nobody offered": (value) =>
    agree(value).replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
  "with a subprotocol nobody offered": (value) =>
    agree(value).replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
  "with a head that never ends": (value) => agree(value).replace("\r\n\r\n", `\r\nX: ${"y".repeat(20_000)}`),
  "of another protocol": () => "SSH-2.0-OpenSSH_9.6\r\n\r\n",
};

for (const [kind, client] of Object.entries(clients)) {
  const join = async (url: string): Promise<{ user: ClientConnection; received: Payload[] }> => {
    const received: Payload[] = [];
    const onMessage = (payload: Payload): void => void received.push(payload);
    const signal = AbortSignal.timeout(60_000);
    return { user: await client.connect({ url, limits, user: 0, signal, onMessage }), received };
  };

  describe(`the ${kind} WebSocket client`, { timeout: 120_000 }, () => {
    for (const [title, { sent, received: expected }] of Object.entries(texts)) {
      for (const cut of sent.length > 1000 ? [sent.length] : [sent.length, 1]) {
        it(`takes ${title}${cut === 1 ? ", byte by byte" : " with the handshake"}`, async (t) => {
          const { url, heard } = await listen(t, agree, cut === 1 ? undefined : sent);
          const { user, received } = await join(url);
          if (cut === 1) {
            for (const byte of sent) {
              heard[0]!.socket.write(Buffer.from([byte]));
              await new Promise(setImmediate);
            }
          }
          await until(() => received.length === expected.length);
          assert.deepEqual(received, expected);
          heard[0]!.socket.destroy();
          await user.closed;
        });
      }
    }

    it("answers a ping with what it held", async (t) => {
      const { url, heard } = await listen(t, agree);
      const { user } = await join(url);
      heard[0]!.socket.write(frame(0x89, "still there?"));
      await until(() => heard[0]!.frames.length > 0);
      assert.deepEqual(heard[0]!.frames, [{ opcode: 10, body: Buffer.from("still there?") }]);
      heard[0]!.socket.destroy();
      await user.closed;
    });

    for (const [title, [sent, code]] of Object.entries(faults)) {
      it(`refuses ${title} with ${code}`, async (t) => {
        const { url, heard } = await listen(t, agree);
        const { user, received } = await join(url);
        heard[0]!.socket.write(sent);
        assert.equal((await user.closed).by, "network");
        await until(() => heard[0]!.frames.length > 0);
        const [{ opcode, body } = { opcode: -1, body: Buffer.alloc(2) }] = heard[0]!.frames;
        assert.deepEqual([opcode, body.readUInt16BE(0)], [8, code]);
        assert.deepEqual(received, []);
      });
    }

    it("hears a close frame, says the same, and waits for the server's end", async (t) => {
      const { url, heard } = await listen(t, agree);
      const { user } = await join(url);
      heard[0]!.socket.write(frame(0x88, Buffer.concat([Buffer.from([0x03, 0xf4]), Buffer.from("come back")])));
      await until(() => heard[0]!.frames.length > 0);
      assert.deepEqual([heard[0]!.frames[0]!.opcode, heard[0]!.frames[0]!.body.readUInt16BE(0)], [8, 1012]);
      heard[0]!.socket.end();
      assert.deepEqual(await user.closed, { by: "server", message: "close code 1012 (come back)" });
    });

    it("closes with 1000 after what was sent before, and gives up a server that never answers that", async (t) => {
      const { url, heard } = await listen(t, agree);
      const { user } = await join(url);
      user.send("a");
      user.send(Buffer.from("b"));
      await user.close();
      assert.equal((await user.closed).by, "client");
      await until(() => heard[0]!.frames.length === 3);
      const said = heard[0]!.frames.map(({ opcode, body }) => [
        opcode,
        opcode === 8 ? body.readUInt16BE(0) : body.toString(),
      ]);
      assert.deepEqual(said, [
        [1, "a"],
        [2, "b"],
        [8, 1000],
      ]);
    });

    for (const [title, answer] of Object.entries(refused)) {
      it(`rejects an answer ${title}`, async (t) => {
        const { url } = await listen(t, answer);
        await assert.rejects(join(url), { code: "connect-failed" });
      });
    }

    it("asks for the path and the query, and shows the credentials of the URL", async (t) => {
      const { url, heard } = await listen(t, agree);
      const { user } = await join(url.replace("ws://", "ws://me:pass%20word@"));
      assert.match(heard[0]!.request, /^GET \/chat\?room=1 HTTP\/1\.1\r\n/);
      assert.match(heard[0]!.request, new RegExp(`authorization: Basic ${btoa("me:pass word")}`, "i"));
      heard[0]!.socket.destroy();
      await user.closed;
    });

    it("bounds what waits for a server that does not read", async (t) => {
      const { url, heard } = await listen(t, agree);
      const { user } = await join(url);
      heard[0]!.socket.pause();
      const text = "x".repeat(60_000);
      assert.throws(
        () => {
          for (let sent = 0; sent < 10_000; sent++) user.send(text);
        },
        { code: "queue-full" },
      );
      assert.ok(user.bufferedBytes > limits.queueBytesMax / 2);
      assert.throws(() => user.send("x".repeat(70_001)), { code: "payload-too-large" });
      heard[0]!.socket.destroy();
      await user.closed;
    });
  });
}

describe("the lean WebSocket framing", () => {
  it("masks every length at every alignment so that it can be read again, with keys that change", () => {
    const buffer = Buffer.allocUnsafeSlow(512);
    const keys = new Set<string>();
    for (let at = 0; at < 8; at++) {
      for (let length = 0; length < 140; length++) {
        const body = Buffer.from(Array.from({ length }, (_, index) => (index * 7 + at) & 255));
        const end = encodeMaskedFrame(buffer, at, 2, body, length);
        const frames: Heard["frames"] = [];
        assert.equal(unmasked(buffer.subarray(at, end), frames).length, 0);
        assert.deepEqual(frames, [{ opcode: 2, body }]);
        keys.add(buffer.toString("hex", end - length - 4, end - length));
      }
    }
    assert.ok(keys.size > 1000);
  });

  it("keeps nothing of a chunk that its owner uses again", () => {
    const received: string[] = [];
    const ignore = (): void => {};
    const reader = new FrameReader(1000, {
      text: (utf8) => void received.push(utf8.toString()),
      binary: ignore,
      ping: ignore,
      close: ignore,
      malformed: assert.fail,
    });
    const sent = Buffer.concat([frame(0x01, "one "), frame(0x80, "two"), frame(0x81, "three")]);
    const lent = Buffer.alloc(4);
    for (let at = 0; at < sent.length; at += lent.length) {
      const bytes = sent.copy(lent, 0, at);
      reader.push(lent.subarray(0, bytes));
      lent.fill(0);
    }
    assert.deepEqual(received, ["one two", "three"]);
  });
});
