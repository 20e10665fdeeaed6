/** Plain requests to endpoints that are nobody's but their owner's. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { until } from "../protocol/testing.ts";
import { join } from "../servers/testing.ts";
import { httpClient } from "./http.ts";

async function endpoint(t: TestContext, serve: RequestListener): Promise<string> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/echo?tenant=7`;
}

/** Answers with the body of the request. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  for await (const chunk of request) response.write(chunk);
  response.end();
}

describe("the http client of an ordinary endpoint", { timeout: 60_000 }, () => {
  it("asks at the very URL, with an empty array first, and says nothing when it leaves", async (t) => {
    const asked: string[] = [];
    const url = await endpoint(t, (request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
      void echo(request, response);
    });
    const user = await join(httpClient, url);
    user.send("hello");
    assert.equal(await user.next(), "hello");
    user.send(Buffer.from([0, 255]));
    assert.deepEqual(await user.next(), Buffer.from([0, 255]));
    await user.close();
    assert.deepEqual(asked, Array(3).fill("POST /api/echo?tenant=7 application/json"));
  });

  it("hands over responses in the order of the requests, whichever is answered first", async (t) => {
    const waiting: (() => void)[] = [];
    const url = await endpoint(t, async (request, response) => {
      if (request.headers["content-length"] === "2") return void echo(request, response);
      waiting.push(() => void echo(request, response));
    });
    const user = await join(httpClient, url);
    const texts = ["a", "b", "c", "d", "e", "f", "g"];
    for (const text of texts) user.send(text);
    await until(() => waiting.length === 6);
    assert.ok(user.bufferedBytes > 0, "no more connections than a browser opens");
    // The later ones first, and then what took their place.
    for (const answer of waiting.reverse()) answer();
    waiting.length = 0;
    await until(() => waiting.length === 1);
    waiting[0]!();
    for (const text of texts) assert.equal(await user.next(), text);
    await user.close();
  });

  it("is closed by a status that is no answer, and by what is no message", async (t) => {
    for (const [status, body, reason] of [
      [429, "slow down", /429 Too Many Requests \(slow down\)/],
      [200, '{"ok":true}', /expected an array of messages/],
      [200, "", /expected JSON/],
    ] as const) {
      const url = await endpoint(t, (request, response) => {
        if (request.headers["content-length"] === "2") void echo(request, response);
        else response.writeHead(status).end(body);
      });
      const user = await join(httpClient, url);
      user.send("hello");
      assert.match((await user.closed).message, reason);
    }
  });

  it("does not connect to what answers an empty array with a failure", async (t) => {
    const url = await endpoint(t, (_request, response) => void response.writeHead(404).end("no such path"));
    await assert.rejects(join(httpClient, url), { code: "connect-failed", message: /404 Not Found \(no such path\)/ });
  });
});
