import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { protocols } from "../../bench/targets/protocols.ts";
import { defaultLimits, type Limits, type Protocol, type RunningServer } from "../../protocol/contract.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { RawPeer, shortMs, startTimed, stillServes } from "../testing.ts";

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

for (const protocol of protocols.filter(
  ({ server }) => server.traits.uplink === "request" && server.traits.variantOf === undefined,
)) {
  const { server, client } = protocol;
  describe(`the ${server.traits.name} server`, { timeout: 120_000 }, () => {
    /** Attacks a fresh server, then checks that it serves a healthy user. */
    const attack = (
      title: string,
      run: (context: {
        t: TestContext;
        running: Awaited<ReturnType<typeof startTimed>>;
        url: string;
        path: string;
        post: (init: RequestInit) => Promise<Response>;
      }) => Promise<void>,
      limits: Partial<Limits> = {},
    ): void => {
      it(title, async (t) => {
        const running = await startTimed(t, server, limits);
        const path = await openUplink(t, protocol, running);
        const post = (init: RequestInit): Promise<Response> =>
          fetch(new URL(path, running.url), { method: "POST", headers: json, ...init });
        await run({ t, running, url: running.url, path, post });
        await stillServes(client, running.url);
      });
    };

    attack("answers 408 to a peer that is slow with its body", async ({ t, running, url, path }) => {
      const peer = await RawPeer.connect(t, url);
      peer.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n["a`);
      running.allow(shortMs);
      assert.match(await peer.untilEnd(), /^HTTP\/1\.1 408 /);
      running.allow(defaultLimits.handshakeMs);
    });

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
  });
}
