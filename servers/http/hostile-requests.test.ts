import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { longPollingClient } from "../../clients/long-polling.ts";
import { shortPollingClient } from "../../clients/short-polling.ts";
import { sseClient } from "../../clients/sse.ts";
import type { Limits, Protocol, RunningServer } from "../../protocol/contract.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { longPollingServer } from "../long-polling.ts";
import { shortPollingServer } from "../short-polling.ts";
import { sseServer } from "../sse.ts";
import { RawPeer, start, stillServes } from "../testing.ts";

const protocols: Protocol[] = [
  { server: sseServer, client: sseClient },
  { server: shortPollingServer, client: shortPollingClient },
  { server: longPollingServer, client: longPollingClient },
];

const json = { "content-type": "application/json" };

/** Opens a connection by hand and resolves with the path its messages are posted to. */
async function openUplink(t: TestContext, { server }: Protocol, { url }: RunningServer): Promise<string> {
  if (server.traits.downlink === "stream") {
    const peer = await RawPeer.connect(t, url);
    const stream = await peer.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n").until(/"uplink":"[^"]+"/);
    return /"uplink":"([^"]+)"/.exec(stream)![1]!;
  }
  const answer = await fetch(new URL("connections", url), { method: "POST" });
  const { id } = (await answer.json()) as { id: string };
  return `/connections/${id}/messages`;
}

for (const protocol of protocols) {
  const { server, client } = protocol;
  describe(`the ${server.traits.name} server`, { timeout: 20_000 }, () => {
    /** Attacks a fresh server, then checks that it serves a healthy user. */
    const attack = (
      title: string,
      run: (context: {
        t: TestContext;
        url: string;
        path: string;
        post: (init: RequestInit) => Promise<Response>;
      }) => Promise<void>,
      limits: Partial<Limits> = {},
    ): void => {
      it(title, async (t) => {
        const running = await start(t, server, limits);
        const path = await openUplink(t, protocol, running);
        const post = (init: RequestInit): Promise<Response> =>
          fetch(new URL(path, running.url), { method: "POST", headers: json, ...init });
        await run({ t, url: running.url, path, post });
        await stillServes(client, running.url);
      });
    };

    attack("answers 431 to a flood of headers", async ({ t, url }) => {
      const peer = await RawPeer.connect(t, url);
      peer.write(`POST /connections HTTP/1.1\r\nHost: x\r\n${"X-Flood: 0123456789\r\n".repeat(2000)}`);
      assert.match(await peer.untilEnd(), /^HTTP\/1\.1 431 /);
    });

    attack("answers 400 to what is not HTTP", async ({ t, url }) => {
      const peer = await RawPeer.connect(t, url);
      assert.match(await peer.write("\x16\x03\x01 hello\r\n\r\n").untilEnd(), /^HTTP\/1\.1 400 /);
    });

    attack(
      "answers 408 to a peer that is slow with its headers",
      async ({ t, url }) => {
        const peer = await RawPeer.connect(t, url);
        assert.match(await peer.write("POST /connections HTTP/1.1\r\nHost: x\r\n").untilEnd(), /^HTTP\/1\.1 408 /);
      },
      { handshakeMs: 200 },
    );

    attack(
      "answers 408 to a peer that is slow with its body",
      async ({ t, url, path }) => {
        const peer = await RawPeer.connect(t, url);
        peer.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n["a`,
        );
        assert.match(await peer.untilEnd(), /^HTTP\/1\.1 408 /);
      },
      { handshakeMs: 200 },
    );

    attack(
      "closes a connection on which nothing is asked for longer than the handshake may take",
      async ({ t, url }) => {
        const peer = await RawPeer.connect(t, url);
        await peer.untilEnd();
      },
      { handshakeMs: 200 },
    );

    attack("survives a peer that leaves in the middle of a body", async ({ t, url, path }) => {
      const peer = await RawPeer.connect(t, url);
      peer.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n["a`);
      await stillServes(client, url);
      peer.socket.resetAndDestroy();
    });

    attack(
      "answers 413 to a body that is announced as too large, before it comes",
      async ({ t, url, path }) => {
        const peer = await RawPeer.connect(t, url);
        peer.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${encodedBytesMax(100) + 1}\r\n\r\n`,
        );
        await peer.until(/^HTTP\/1\.1 413 /);
      },
      { payloadBytesMax: 100 },
    );

    attack(
      "answers 413 to a chunked body as soon as it is too large",
      async ({ t, url, path }) => {
        const peer = await RawPeer.connect(t, url);
        peer.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        const chunk = `1000\r\n${" ".repeat(0x1000)}\r\n`;
        peer.write(chunk.repeat(Math.ceil((encodedBytesMax(100) + 1) / 0x1000)));
        await peer.until(/^HTTP\/1\.1 413 /);
        // Read and thrown away until its end: the connection is good for another request.
        peer.write(chunk.repeat(100)).write("0\r\n\r\n");
        peer.write("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
        await peer.until(/HTTP\/1\.1 404 /);
      },
      { payloadBytesMax: 100 },
    );

    attack(
      "cuts off a peer that sends on and on after its 413",
      async ({ t, url, path }) => {
        const peer = await RawPeer.connect(t, url);
        peer.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        const chunk = `1000\r\n${" ".repeat(0x1000)}\r\n`;
        const sendOn = (): void => void (peer.socket.writable && peer.socket.write(chunk, () => setImmediate(sendOn)));
        sendOn();
        assert.match(await peer.untilEnd(), /^HTTP\/1\.1 413 /);
      },
      { payloadBytesMax: 100, handshakeMs: 200 },
    );

    attack(
      "answers 413 to a message over the payload limit in a body under its own",
      async ({ post }) => {
        assert.equal((await post({ body: JSON.stringify(["x".repeat(101)]) })).status, 413);
        assert.equal((await post({ body: JSON.stringify(["x".repeat(100)]) })).status, 204);
      },
      { payloadBytesMax: 100 },
    );

    for (const body of [
      "",
      "[",
      "{}",
      '"text"',
      "[1]",
      '["a"] x',
      '[{"base64":"A"}]',
      '["\\ud800"]',
      "[".repeat(5000),
    ]) {
      attack(`answers 400 to the body ${JSON.stringify(body.slice(0, 20))}`, async ({ post }) => {
        assert.equal((await post({ body })).status, 400);
      });
    }

    attack("answers 400 to a body that is not UTF-8", async ({ post }) => {
      assert.equal((await post({ body: Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]) })).status, 400);
    });

    attack("takes a character that is split over two packets", async ({ t, url, path }) => {
      const body = Buffer.from('["€"]');
      const peer = await RawPeer.connect(t, url);
      peer.socket.setNoDelay(true);
      peer.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.byteLength}\r\n\r\n`,
      );
      peer.write(body.subarray(0, 3));
      await stillServes(client, url);
      await peer.write(body.subarray(3)).until(/^HTTP\/1\.1 204 /);
    });

    attack("answers 415 to another content type and to none", async ({ post }) => {
      assert.equal((await post({ body: '["a"]', headers: { "content-type": "text/plain" } })).status, 415);
      assert.equal((await post({ body: Buffer.from('["a"]'), headers: {} })).status, 415);
    });

    attack("answers 404 to an unknown connection and an unknown path", async ({ url }) => {
      for (const path of [
        "connections/none/messages",
        "connections/__proto__/messages",
        "elsewhere",
        "%00",
        "events/",
      ]) {
        const answer = await fetch(new URL(path, url), { method: "POST", headers: json, body: "[]" });
        assert.equal(answer.status, 404, path);
      }
    });

    attack("answers 405 with Allow to a method that is not served", async ({ post, path, url, t }) => {
      const answer = await post({ method: "PUT", body: "[]" });
      assert.equal(answer.status, 405);
      assert.match(answer.headers.get("allow") ?? "", /\bPOST\b/);
      const peer = await RawPeer.connect(t, url);
      await peer.write(`OPTIONS ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).until(/^HTTP\/1\.1 405 [\s\S]*allow: /i);
    });

    attack("serves requests that come pipelined, in order", async ({ t, url, path }) => {
      const peer = await RawPeer.connect(t, url);
      const request = (body: string): string =>
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      peer.write(request('["a"]') + request("[") + request('["b"]'));
      await peer.until(/ 204 [\s\S]* 400 [\s\S]* 204 /);
    });

    it("answers 503 to a connection over the limit and serves again when one has gone", async (t) => {
      const running = await start(t, server, { connectionsMax: 1 });
      const options = {
        url: running.url,
        user: 0,
        pollIntervalMs: 5,
        signal: AbortSignal.timeout(5000),
        onMessage: () => {},
      };
      const limits = { payloadBytesMax: 100, connectionsMax: 1, handshakeMs: 5000, queueBytesMax: 1000, idleMs: 5000 };
      const first = await client.connect({ ...options, limits });
      await assert.rejects(client.connect({ ...options, limits }), { code: "connect-failed", message: /503/ });
      assert.equal(running.connections, 1);
      await first.close();
      while (running.connections > 0) await new Promise(setImmediate);
      await stillServes(client, running.url);
    });
  });
}
