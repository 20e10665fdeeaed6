/** What servers with `+deflate` do, with peers that mean no good too. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { constants, createGunzip, deflateRawSync } from "node:zlib";
import { sseClient } from "../clients/sse.ts";
import { websocketClient } from "../clients/websocket.ts";
import { sseServer } from "./sse.ts";
import {
  closeFrame,
  join,
  opcodes,
  type RawPeer,
  start,
  webSocketFrame,
  webSocketPeer,
  webSocketUpgrade,
} from "./testing.ts";
import { websocketServer } from "./websocket.ts";

const options = { deflate: "on" };

/** RFC 7692 section 7.2.1: an empty block at the end, less its last four bytes. */
const compressed = (bytes: Uint8Array): Buffer =>
  deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

/** A frame whose first reserved bit says that it is compressed (RFC 7692 section 6). */
function compressedFrame(body: Uint8Array): Buffer {
  const frame = webSocketFrame(opcodes.text, body);
  frame[0]! |= 0x40;
  return frame;
}

const offering = (t: TestContext, url: string): Promise<RawPeer> =>
  webSocketPeer(t, url, webSocketUpgrade({ "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" }));

describe("the websocket server with +deflate", { timeout: 120_000 }, () => {
  const startCompressed = (t: TestContext) => start(t, websocketServer, { payloadBytesMax: 1000 }, undefined, options);

  it("agrees with who offers it, keeping the window, and answers compressed", async (t) => {
    const { url } = await startCompressed(t);
    const peer = await offering(t, url);
    assert.match(peer.received, /\r\nSec-WebSocket-Extensions: permessage-deflate\r\n/);
    // Final and compressed, of text.
    const answer = await peer.write(compressedFrame(compressed(Buffer.from("a".repeat(500))))).until(/\xc1/);
    assert.ok(answer.length < 500, "less than was echoed");
  });

  it("speaks uncompressed with who does not offer it, and refuses compressed frames of theirs", async (t) => {
    const { url } = await startCompressed(t);
    const peer = await webSocketPeer(t, url);
    assert.doesNotMatch(peer.received, /Sec-WebSocket-Extensions/i);
    await peer.write(webSocketFrame(opcodes.text, "plain")).until(/\x81[\s\S]plain$/);
    await peer.write(compressedFrame(compressed(Buffer.from("x")))).until(closeFrame(1002));
  });

  const attacks: Readonly<Record<string, readonly [Buffer, number]>> = {
    "a message that is over the limit once it is unpacked": [compressedFrame(compressed(Buffer.alloc(50_000))), 1009],
    "what is no DEFLATE": [compressedFrame(Buffer.alloc(20, 0xff)), 1007],
  };
  for (const [attack, [frame, code]] of Object.entries(attacks)) {
    it(`closes with ${code} for ${attack}, and serves others`, async (t) => {
      const running = await startCompressed(t);
      const healthy = await join(websocketClient, running.url, {}, options);
      const peer = await offering(t, running.url);
      await peer.write(frame).until(closeFrame(code));
      healthy.send("still there?");
      assert.equal(await healthy.next(), "still there?");
      await healthy.close();
    });
  }
});

describe("the sse server with +deflate", { timeout: 120_000 }, () => {
  /** Opens an event stream; resolves with its encoding and first bytes. */
  const open = (t: TestContext, url: string, encoding?: string) =>
    new Promise<{ encoding: string | undefined; first: string }>((resolve) => {
      const headers = encoding === undefined ? {} : { "accept-encoding": encoding };
      const asked = request(new URL("events", url), { headers }, (response) => {
        const used = response.headers["content-encoding"];
        const body = used === "gzip" ? response.pipe(createGunzip()) : response;
        body.on("error", () => {}).once("data", (first) => resolve({ encoding: used, first: String(first) }));
      });
      asked.end();
      t.after(() => asked.destroy());
    });

  it("sends gzip to who takes it, each event flushed, and everybody else the text", async (t) => {
    const { url } = await start(t, sseServer, {}, undefined, options);
    for (const [offer, encoding] of [
      ["gzip", "gzip"],
      ["br, GZIP;q=0.5", "gzip"],
      ["gzip;q=0", undefined],
      ["identity", undefined],
      [undefined, undefined],
    ] as const) {
      const stream = await open(t, url, offer);
      assert.equal(stream.encoding, encoding, `offered ${offer}`);
      // It comes although nothing follows it.
      assert.match(stream.first, /^event: connection\ndata: .*\n\n$/);
    }
  });

  it("sends gzip to nobody without the option", async (t) => {
    const { url } = await start(t, sseServer);
    assert.equal((await open(t, url, "gzip")).encoding, undefined);
  });

  it("gives up who does not read, and serves others", async (t) => {
    const { promise: gaveUp, resolve } = Promise.withResolvers<void>();
    let users = 0;
    const running = await start(
      t,
      sseServer,
      { queueBytesMax: 200_000 },
      (connection) => {
        // The second is the one that does not read.
        const flood = (): void => connection.send(randomBytes(8192).toString("base64"));
        const timer = ++users === 2 ? setInterval(flood, 1) : undefined;
        return {
          message: (payload) => connection.send(payload),
          gaveUp: resolve,
          closed: () => clearInterval(timer),
        };
      },
      options,
    );
    const healthy = await join(sseClient, running.url, {}, options);
    const asked = request(new URL("events", running.url), { headers: { "accept-encoding": "gzip" } }, (response) =>
      response.pause(),
    );
    t.after(() => asked.destroy());
    asked.on("error", () => {}).end();
    await gaveUp;
    healthy.send("still there?");
    assert.equal(await healthy.next(), "still there?");
    await healthy.close();
  });
});
