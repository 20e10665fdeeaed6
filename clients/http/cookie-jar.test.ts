import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { type CookieJar, defaultLimits, type Payload, type Protocol } from "../../protocol/contract.ts";
import { longPollingServer } from "../../servers/long-polling.ts";
import { shortPollingServer } from "../../servers/short-polling.ts";
import { sseServer } from "../../servers/sse.ts";
import { start } from "../../servers/testing.ts";
import { websocketServer } from "../../servers/websocket.ts";
import { leanSseClient } from "../lean/sse.ts";
import { leanWebsocketClient } from "../lean/websocket.ts";
import { longPollingClient } from "../long-polling.ts";
import { shortPollingClient } from "../short-polling.ts";
import { sseClient } from "../sse.ts";
import { websocketClient } from "../websocket.ts";
import { OriginCookieJar } from "./cookie-jar.ts";

describe("a cookie jar", () => {
  it("sends back what it was given, the newest value of each name", () => {
    const jar = new OriginCookieJar();
    assert.equal(jar.header(), undefined);
    jar.keep(["serverid=a; path=/; HttpOnly", 'quoted="x y"']);
    assert.equal(jar.header(), 'serverid=a; quoted="x y"');
    jar.keep(["serverid=b==", "empty="]);
    assert.equal(jar.header(), 'serverid=b==; quoted="x y"; empty=');
  });

  it("forgets what is deleted or has expired, Max-Age before Expires", () => {
    let now = new Date("2026-01-01T00:00:00Z");
    const jar = new OriginCookieJar(() => now);
    const deletions = ["Max-Age=0", "max-age=-1", "Expires=Thu, 01-Jan-1970 00:00:01 GMT"];
    for (const deletion of deletions) {
      jar.keep(["a=1", "b=2"]);
      jar.keep([`a=; Path=/; ${deletion}`]);
      assert.equal(jar.header(), "b=2", deletion);
    }
    jar.keep(["b=2; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=60", "c=3; Expires=Thu, 01 Jan 2026 00:02:00 GMT"]);
    assert.equal(jar.header(), "b=2; c=3");
    now = new Date("2026-01-01T00:01:00Z");
    assert.equal(jar.header(), "c=3");
    now = new Date("2026-01-01T00:02:00Z");
    assert.equal(jar.header(), undefined);
  });

  it("ignores what is no cookie, or could not be sent", () => {
    const jar = new OriginCookieJar();
    jar.keep(["", "nameless", "=x", "a=\r\nInjected: 1", "a=é€", "a=\0", `a=${"x".repeat(5000)}`]);
    assert.equal(jar.header(), undefined);
    jar.keep(["a=1; Expires=no date; Max-Age=soon"]);
    assert.equal(jar.header(), "a=1");
  });

  it("is bounded in number and size; the oldest give way", () => {
    const jar = new OriginCookieJar();
    jar.keep(Array.from({ length: 1000 }, (_, index) => `c${index}=x`));
    assert.equal(jar.header()?.split("; ").length, 50);
    assert.match(jar.header()!, /c999=x$/);
    jar.keep(Array.from({ length: 10 }, (_, index) => `long${index}=${"x".repeat(3000)}`));
    assert.ok(jar.header()!.length <= 8192);
    assert.match(jar.header()!, /long9=x+$/);
  });
});

const protocols: Protocol[] = [
  { server: websocketServer, client: websocketClient },
  { server: websocketServer, client: leanWebsocketClient },
  { server: sseServer, client: sseClient },
  { server: sseServer, client: leanSseClient },
  { server: shortPollingServer, client: shortPollingClient },
  { server: longPollingServer, client: longPollingClient },
];

interface Balancer {
  readonly url: string;
  /** `Cookie` of every request, in order. */
  readonly seen: (string | undefined)[];
}

/** Stands before nodes as a load balancer does: `choose` names the node, and every answer gets `Set-Cookie`. */
async function balance(
  t: TestContext,
  nodes: readonly string[],
  choose: (request: IncomingMessage, index: number) => number,
): Promise<Balancer> {
  const seen: (string | undefined)[] = [];
  const forward = (incoming: IncomingMessage) => {
    const index = choose(incoming, seen.length);
    const setCookie = `serverid=node-${index}-${seen.length}; path=/`;
    seen.push(incoming.headers.cookie);
    const { method, headers } = incoming;
    const outgoing = request(new URL(incoming.url!, nodes[index]), { method: method!, headers });
    incoming.pipe(outgoing);
    return { outgoing, setCookie };
  };
  const server = createServer((incoming, answer) => {
    const { outgoing, setCookie } = forward(incoming);
    outgoing.on("error", () => answer.destroy());
    answer.on("close", () => outgoing.destroy());
    outgoing.on("response", (response) => {
      answer.writeHead(response.statusCode!, { ...response.headers, "set-cookie": setCookie });
      response.on("error", () => {}).pipe(answer);
    });
  });
  server.on("upgrade", (incoming, near) => {
    const { outgoing, setCookie } = forward(incoming);
    near.on("error", () => {});
    outgoing.on("error", () => near.destroy());
    outgoing.on("upgrade", (response, far) => {
      const lines = Object.entries({ ...response.headers, "set-cookie": setCookie }).map(([k, v]) => `${k}: ${v}\r\n`);
      near.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
      far.on("error", () => near.destroy()).pipe(near);
      near.pipe(far).on("close", () => near.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen };
}

for (const { server, client } of protocols) {
  const overHttp = (url: string): string => url.replace(/^ws:/, "http:");
  const ownScheme = (url: string): string => url.replace(/^http:/, server.traits.schemes[0]!);

  /** Connects, sends one message, waits for its echo, and leaves. */
  const visit = async (url: string, cookies?: CookieJar): Promise<void> => {
    const { promise: echoed, resolve } = Promise.withResolvers<Payload>();
    const connection = await client.connect({
      url: ownScheme(url),
      limits: defaultLimits,
      user: 0,
      options: { "poll-interval": "5ms" },
      ...(cookies !== undefined && { cookies }),
      signal: AbortSignal.timeout(60_000),
      onMessage: resolve,
    });
    connection.send("x");
    assert.equal(await echoed, "x");
    await connection.close();
  };

  describe(`cookies of the ${server.traits.name} client`, { timeout: 120_000 }, () => {
    it("go with every request after the answer that set them, and into the next connection", async (t) => {
      const { url } = await start(t, server);
      const balancer = await balance(t, [overHttp(url)], () => 0);
      const jar = new OriginCookieJar();
      await visit(balancer.url, jar);
      assert.equal(balancer.seen[0], undefined);
      for (const cookie of balancer.seen.slice(1)) assert.match(cookie!, /^serverid=node-0-\d+$/);
      const { length } = balancer.seen;
      assert.match(jar.header()!, /^serverid=node-0-\d+$/);
      await visit(balancer.url, jar);
      for (const cookie of balancer.seen.slice(length)) assert.match(cookie!, /^serverid=node-0-\d+$/);
      assert.ok(balancer.seen.length > length);
    });

    it("are ignored without a jar", async (t) => {
      const { url } = await start(t, server);
      const balancer = await balance(t, [overHttp(url)], () => 0);
      await visit(balancer.url);
      await visit(balancer.url);
      assert.deepEqual(new Set(balancer.seen), new Set([undefined]));
    });

    if (server.traits.uplink === "stream") return;
    it("decide whether a connection of several requests works at all behind two nodes", async (t) => {
      const [one, two] = await Promise.all([start(t, server), start(t, server)]);
      const nodes = [one.url, two.url];
      const sticky = await balance(t, nodes, ({ headers }, index) => {
        const named = /serverid=node-(\d)/.exec(headers.cookie ?? "")?.[1];
        return named === undefined ? index % 2 : Number(named);
      });
      await visit(sticky.url, new OriginCookieJar());
      const roundRobin = await balance(t, nodes, (_request, index) => index % 2);
      const connection = await client.connect({
        url: roundRobin.url,
        limits: defaultLimits,
        user: 0,
        options: { "poll-interval": "5ms" },
        signal: AbortSignal.timeout(60_000),
        onMessage() {},
      });
      connection.send("x");
      assert.deepEqual(await connection.closed, { by: "server", message: "status 404 Not Found (no such connection)" });
    });
  });
}
