/** What HAProxy does with users, with the configuration wirebench writes: against the real program. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { hasProgram } from "../../../bench/testing.ts";
import { longPollingClient } from "../../../clients/long-polling.ts";
import { sseClient } from "../../../clients/sse.ts";
import type { CookieJar } from "../../../protocol/contract.ts";
import { defaultLimits, type ProtocolClient } from "../../../protocol/contract.ts";
import { until } from "../../../protocol/testing.ts";
import { longPollingServer } from "../../long-polling.ts";
import { sseServer } from "../../sse.ts";
import { connectUser, nodeOfNewUser, startNode, startNodes, startTestProxy, statusOf } from "./testing.ts";

const haproxy = { timeout: 60_000 };

/** A test that needs HAProxy. */
const proxied = (title: string, run: (t: TestContext) => Promise<void>): void =>
  void it(title, haproxy, async (t) => {
    if (hasProgram(t, "haproxy")) await run(t);
  });

describe("round robin", () => {
  proxied("gives each node its turn, whoever asks", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 3));
    const names: string[] = [];
    for (let user = 0; user < 9; user++) names.push(await nodeOfNewUser(t, proxy));
    const round = names.slice(0, 3);
    assert.deepEqual([...round].sort(), ["node-1", "node-2", "node-3"]);
    assert.deepEqual(names, [...round, ...round, ...round]);
    const totals = (await proxy.status()).map(({ sessionsTotal }) => sessionsTotal);
    assert.deepEqual(totals, [3, 3, 3]);
  });

  proxied("knows no cookie: a user who brings one takes its turn like everybody", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 2));
    const user = await connectUser(t, proxy, "serverid=node-1");
    assert.equal(user.cookie, undefined);
    const names = [await user.ask("who")];
    names.push(await nodeOfNewUser(t, proxy, "serverid=node-1"));
    assert.deepEqual(names.sort(), ["node-1", "node-2"]);
  });

  proxied("gives a spare node nothing until it is set to ready, then its share", async (t) => {
    const [first, second] = await startNodes(t, 2);
    const spare = await startNode(t, "node-3", { spare: true });
    const nodes = [first!, second!, spare];
    const proxy = await startTestProxy(t, nodes);
    for (let user = 0; user < 6; user++) assert.notEqual(await nodeOfNewUser(t, proxy), "node-3");
    assert.equal(await statusOf(proxy, spare), "MAINT");
    await proxy.setState("node-3", "ready");
    assert.equal(await statusOf(proxy, spare), "UP");
    const names = [];
    for (let user = 0; user < 6; user++) names.push(await nodeOfNewUser(t, proxy));
    assert.equal(names.filter((name) => name === "node-3").length, 2);
  });

  proxied("tries another node at once when one refuses the connection", async (t) => {
    const nodes = await startNodes(t, 2);
    const proxy = await startTestProxy(t, nodes);
    // Its health check still says 200: HAProxy cannot know yet.
    await nodes[0]!.server.close();
    for (let user = 0; user < 4; user++) assert.equal(await nodeOfNewUser(t, proxy), "node-2");
  });
});

describe("sticky", () => {
  const sticky = { policy: "leastconn+cookie" } as const;

  proxied("sets the cookie on the response that upgrades, and only for who has none", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 2), sticky);
    const user = await connectUser(t, proxy);
    assert.equal(user.cookie, `serverid=${await user.ask("who")}`);
    const again = await connectUser(t, proxy, user.cookie);
    assert.equal(again.cookie, undefined);
  });

  proxied("brings a user with a cookie back to its node, however many others are there", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 3), sticky);
    const { cookie } = await connectUser(t, proxy);
    for (let visit = 0; visit < 5; visit++) {
      const user = await connectUser(t, proxy, cookie);
      assert.equal(`serverid=${await user.ask("who")}`, cookie);
    }
  });

  proxied("sends a user without a cookie to the node with the fewest", async (t) => {
    const nodes = await startNodes(t, 3);
    const proxy = await startTestProxy(t, nodes, sticky);
    const users = [];
    for (let user = 0; user < 6; user++) users.push(await connectUser(t, proxy));
    assert.deepEqual(
      (await proxy.status()).map(({ sessions }) => sessions),
      [2, 2, 2],
    );
    const name = await users[4]!.ask("who");
    await users[4]!.close();
    const sessions = async (): Promise<number | undefined> =>
      (await proxy.status()).find((status) => status.name === name)!.sessions;
    await until(async () => (await sessions()) === 1);
    assert.equal(await nodeOfNewUser(t, proxy), name);
  });

  proxied("gives a user of a node that refuses connections another node and another cookie", async (t) => {
    const nodes = await startNodes(t, 2);
    const proxy = await startTestProxy(t, nodes, sticky);
    await nodes[0]!.server.close();
    const user = await connectUser(t, proxy, "serverid=node-1");
    assert.equal(await user.ask("who"), "node-2");
    assert.equal(user.cookie, "serverid=node-2");
  });

  proxied("keeps users with a cookie coming to a node in drain, and nobody else", async (t) => {
    const nodes = await startNodes(t, 2);
    const proxy = await startTestProxy(t, nodes, { ...sticky, shutdownSessions: true });
    const settled = await connectUser(t, proxy, "serverid=node-1");
    await proxy.setState("node-1", "drain");
    assert.equal(await statusOf(proxy, nodes[0]!), "DRAIN");
    for (let user = 0; user < 3; user++) assert.equal(await nodeOfNewUser(t, proxy), "node-2");
    assert.equal(await nodeOfNewUser(t, proxy, "serverid=node-1"), "node-1");
    assert.equal(await settled.ask("still there?"), "node-1");
  });

  proxied("sends users with a cookie elsewhere while their node is in maintenance", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 2), sticky);
    const settled = await connectUser(t, proxy, "serverid=node-1");
    await proxy.setState("node-1", "maint");
    assert.equal(await nodeOfNewUser(t, proxy, "serverid=node-1"), "node-2");
    assert.equal(await settled.ask("still there?"), "node-1");
    await proxy.setState("node-1", "ready");
    assert.equal(await nodeOfNewUser(t, proxy, "serverid=node-1"), "node-1");
  });
});

describe("connections of a node that goes away", () => {
  proxied("are cut by maintenance with shutdown-sessions", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 1), { shutdownSessions: true });
    const user = await connectUser(t, proxy);
    await proxy.setState("node-1", "maint");
    assert.equal(await user.closed, 1006);
  });

  proxied("are cut on demand", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 2));
    const [one, other] = [await connectUser(t, proxy), await connectUser(t, proxy)];
    await proxy.shutdownSessions(await one.ask("who"));
    assert.equal(await one.closed, 1006);
    await other.ask("still there?");
  });

  for (const shutdownSessions of [true, false]) {
    const fate = shutdownSessions ? "are cut with shutdown-sessions" : "stay without shutdown-sessions";
    proxied(`${fate} when the health check fails, and new users come when it is good again`, async (t) => {
      const nodes = await startNodes(t, 2);
      const proxy = await startTestProxy(t, nodes, { shutdownSessions });
      const users = [await connectUser(t, proxy), await connectUser(t, proxy)];
      const names = await Promise.all(users.map((user) => user.ask("who")));
      const [ofFirst, ofSecond] = names[0] === "node-1" ? users : users.reverse();
      nodes[0]!.readyStatus = 503;
      await until(async () => (await statusOf(proxy, nodes[0]!)) === "DOWN");
      for (let user = 0; user < 3; user++) assert.equal(await nodeOfNewUser(t, proxy), "node-2");
      if (shutdownSessions) assert.equal(await ofFirst!.closed, 1006);
      else assert.equal(await ofFirst!.ask("still there?"), "node-1");
      assert.equal(await ofSecond!.ask("still there?"), "node-2");
      nodes[0]!.readyStatus = 200;
      await until(async () => (await statusOf(proxy, nodes[0]!)) === "UP");
      assert.deepEqual([await nodeOfNewUser(t, proxy), await nodeOfNewUser(t, proxy)].sort(), ["node-1", "node-2"]);
    });
  }

  proxied("are cut when they are quiet for longer than the tunnel timeout, and not before", async (t) => {
    const nodes = await startNodes(t, 1);
    const [short, long] = await Promise.all([
      startTestProxy(t, nodes, { tunnelTimeoutMs: 500 }),
      startTestProxy(t, nodes),
    ]);
    const [cut, kept] = await Promise.all([connectUser(t, short), connectUser(t, long)]);
    assert.equal(await cut.closed, 1006);
    assert.equal(await kept.ask("still there?"), "node-1");
  });
});

describe("HTTP", () => {
  /** Keeps the one cookie there is. */
  function jar(): CookieJar & { value: string | undefined } {
    return {
      value: undefined,
      header() {
        return this.value;
      },
      keep([setCookie]) {
        this.value = setCookie?.split(";")[0] ?? this.value;
      },
    };
  }

  async function join(t: TestContext, client: ProtocolClient, authority: string, cookies?: CookieJar) {
    const { promise: answered, resolve } = Promise.withResolvers<string>();
    const connection = await client.connect({
      url: `http://${authority}/`,
      limits: defaultLimits,
      user: 0,
      options: { "poll-interval": "10ms" },
      ...(cookies === undefined ? {} : { cookies }),
      signal: AbortSignal.timeout(60_000),
      onMessage: (payload) => resolve(String(payload)),
    });
    t.after(() => connection.close());
    return { connection, answered };
  }

  const protocols = [
    { title: "server-sent events", server: sseServer, client: sseClient },
    { title: "long polling", server: longPollingServer, client: longPollingClient },
  ];
  for (const { title, server, client } of protocols) {
    proxied(`of ${title} arrives while the response is still open`, async (t) => {
      const proxy = await startTestProxy(t, await startNodes(t, 1, server));
      const { connection, answered } = await join(t, client, proxy.authority);
      connection.send("hello");
      assert.equal(await answered, "node-1:hello");
    });

    proxied(`of ${title} finds its node among several by the cookie`, async (t) => {
      const proxy = await startTestProxy(t, await startNodes(t, 3, server), { policy: "leastconn+cookie" });
      for (let user = 0; user < 3; user++) {
        const cookies = jar();
        const { connection, answered } = await join(t, client, proxy.authority, cookies);
        connection.send("hello");
        assert.equal(`serverid=${(await answered).split(":")[0]}`, cookies.value);
      }
    });

    proxied(`of ${title} misses its node round robin`, async (t) => {
      const proxy = await startTestProxy(t, await startNodes(t, 3, server));
      const { connection, answered } = await join(t, client, proxy.authority);
      connection.send("hello");
      const ended = connection.closed.then(({ message }) => `ended: ${message}`);
      assert.match(await Promise.race([answered, ended]), /^ended: .*404/);
    });
  }

  proxied("tells the node when a user leaves a silent event stream", async (t) => {
    const nodes = await startNodes(t, 1, sseServer);
    const proxy = await startTestProxy(t, nodes);
    const { connection } = await join(t, sseClient, proxy.authority);
    assert.equal(nodes[0]!.server.connections, 1);
    await connection.close();
    await until(() => nodes[0]!.server.connections === 0);
  });
});
