/** Our server and a client that others have written: the npm package `stanza`, on the two bindings it has. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { type Agent, createClient } from "stanza";
import type { ProtocolServer } from "../../protocol/contract.ts";
import { boshServer } from "../bosh.ts";
import { start } from "../testing.ts";
import { xmppWebsocketServer } from "../xmpp-websocket.ts";

type Bindings = Pick<NonNullable<Parameters<typeof createClient>[0]["transports"]> & object, "websocket" | "bosh">;

const bindings: readonly (readonly [ProtocolServer, (url: string) => Bindings])[] = [
  [xmppWebsocketServer, (websocket) => ({ websocket, bosh: false })],
  [boshServer, (bosh) => ({ websocket: false, bosh })],
];

/** Resolves with the first event of that name; rejects with the reason if the stream ends before. */
const once = <Event>(client: Agent, name: string): Promise<Event> =>
  new Promise((resolve, reject) => {
    client.once(name as "message", resolve as () => void);
    client.once("auth:failed", () => reject(new Error("auth:failed")));
    client.once("disconnected", () => reject(new Error(`disconnected before ${name}`)));
  });

/** Before the server is gone, which stanza would look for on and on. */
async function leave(client: Agent): Promise<void> {
  const ended = new Promise((resolve) => client.once("disconnected", () => resolve(undefined)));
  client.disableKeepAlive();
  client.disconnect();
  await ended;
}

for (const [server, transports] of bindings) {
  describe(`stanza on the ${server.traits.name} server`, { timeout: 120_000 }, () => {
    async function clientOf(t: TestContext, password?: string): Promise<{ client: Agent; connections: () => number }> {
      const running = await start(t, server);
      const url = new URL(running.url);
      const account = { jid: `${url.username}@localhost`, password: password ?? url.password };
      url.username = url.password = url.search = "";
      const client = createClient({
        ...account,
        resource: "there",
        server: "localhost",
        transports: transports(url.href),
        autoReconnect: false,
        useStreamManagement: false,
      });
      return { client, connections: () => running.connections };
    }

    it("logs in with SCRAM, binds, hears its echo and that of itself, pings and ends in order", async (t) => {
      const { client, connections } = await clientOf(t);
      const sent: string[] = [];
      client.on("raw:outgoing", (data) => sent.push(String(data)));
      const started = once(client, "session:started");
      client.connect();
      await started;
      assert.equal(client.jid, "wirebench@localhost/there");
      assert.match(sent.join("\n"), /mechanism="SCRAM-SHA-256"/);
      assert.equal(connections(), 1);

      for (const [to, body] of [
        ["localhost", "to the server, 😀 & back"],
        [client.jid, "to myself"],
      ] as const) {
        const echo = once<{ from: string; body: string }>(client, "message");
        client.sendMessage({ to, body });
        const { from, body: echoed } = await echo;
        assert.deepEqual([from, echoed], [to, body]);
      }
      await client.ping("localhost");
      const bounced = once<{ error: { condition: string } }>(client, "message:error");
      client.sendMessage({ to: "nobody@localhost/x", body: "are you there?" });
      assert.equal((await bounced).error.condition, "service-unavailable");

      await leave(client);
      assert.equal(connections(), 0);
    });

    it("is refused with a wrong password", async (t) => {
      const { client } = await clientOf(t, "wrong");
      const failed = new Promise((resolve) => client.once("auth:failed", () => resolve(undefined)));
      const ended = new Promise((resolve) => client.once("disconnected", () => resolve(undefined)));
      client.connect();
      await failed;
      await ended;
    });
  });
}
