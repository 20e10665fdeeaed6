/** What XMPP has for users to reach users, against our own server. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { echoBehaviour } from "../../../load/behaviours/echo.ts";
import { connectClient } from "../../../load/users/connect.ts";
import {
  type ClientConnection,
  defaultLimits as limits,
  type Payload,
  type RunningServer,
} from "../../../protocol/contract.ts";
import type { ExchangeName } from "../../../protocol/exchanges.ts";
import { until } from "../../../protocol/testing.ts";
import { xmppServer } from "../../../servers/xmpp.ts";
import { xmppClient } from "../../xmpp.ts";

let server: RunningServer;
before(async () => {
  server = await xmppServer.listen({ host: "127.0.0.1", port: 0, limits, behaviour: echoBehaviour().behaviour });
});
after(() => server.close());

/** A connection of the exchange, and what it hears. */
async function connected(exchange: ExchangeName, user = 0) {
  const heard: Payload[] = [];
  let waiting: (() => void) | undefined;
  const client = { connect: xmppClient.exchanges![exchange]! };
  const connection: ClientConnection = await connectClient(client, {
    url: server.url,
    limits,
    user,
    onMessage(payload) {
      heard.push(payload);
      waiting?.();
    },
  });
  async function hears(count: number): Promise<Payload[]> {
    while (heard.length < count) {
      await new Promise<void>((resolve) => {
        waiting = resolve;
      });
    }
    return heard;
  }
  return { connection, hears };
}

for (const exchange of ["relay", "self", "request", "ping"] as const) {
  test(`${exchange}: every message is answered, in order, text and bytes alike`, async () => {
    const { connection, hears } = await connected(exchange);
    const payloads = ["first <&>", randomBytes(2000), "", "last"];
    for (const payload of payloads) connection.send(payload);
    assert.deepEqual(await hears(payloads.length), payloads);
    await connection.close();
    assert.equal((await connection.closed).by, "client");
    await until(() => server.connections === 0);
  });
}

for (const exchange of ["blocks", "large-blocks", "unacknowledged-blocks"] as const) {
  test(`${exchange}: payloads of any size arrive whole, in order`, async () => {
    const { connection, hears } = await connected(exchange);
    const payloads = [randomBytes(10), randomBytes(300_000), randomBytes(65_535), randomBytes(4097)];
    for (const payload of payloads) connection.send(payload);
    assert.equal(connection.bufferedBytes >= 300_000, true);
    assert.deepEqual(await hears(payloads.length), payloads);
    assert.throws(() => connection.send("text"), { code: "usage" });
    await connection.close();
  });
}

test("a user whose partner is gone is gone too", async () => {
  const { connection } = await connected("relay");
  await server.close();
  assert.notEqual((await connection.closed).by, "client");
});
