/** What protocols have for users to reach users, against our own servers of them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { echoBehaviour } from "../../load/behaviours/echo.ts";
import { connectClient } from "../../load/users/connect.ts";
import {
  type ClientConnection,
  defaultLimits as limits,
  type Payload,
  type Protocol,
  type RunningServer,
} from "../../protocol/contract.ts";
import type { ExchangeName } from "../../protocol/exchanges.ts";
import { until } from "../../protocol/testing.ts";
import { protocols } from "../targets/protocols.ts";

for (const protocol of protocols) {
  if (protocol.client.exchanges !== undefined) describe(protocol.server.traits.title, () => suite(protocol));
}

function suite({ server: own, client: { exchanges } }: Protocol): void {
  let server: RunningServer;
  before(async () => {
    server = await own.listen({ host: "127.0.0.1", port: 0, limits, behaviour: echoBehaviour().behaviour });
  });
  after(() => server.close());

  /** A connection of the exchange, and what it hears. */
  async function connected(exchange: ExchangeName, user = 0) {
    const heard: Payload[] = [];
    let waiting: (() => void) | undefined;
    const connection: ClientConnection = await connectClient(
      { connect: exchanges![exchange]! },
      {
        url: server.url,
        limits,
        user,
        onMessage(payload) {
          heard.push(payload);
          waiting?.();
        },
      },
    );
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

  test("room: what a member publishes goes to all members, itself included, and to nobody who left", async () => {
    const members = [await connected("room", 0), await connected("room", 1), await connected("room", 2)];
    await members[2]!.connection.close();
    const payloads = ["one <&>", randomBytes(500), "three"];
    for (const payload of payloads) members[0]!.connection.send(payload);
    for (const { hears } of members.slice(0, 2)) assert.deepEqual(await hears(3), payloads);
    for (const { connection } of members) await connection.close();
    assert.deepEqual(await members[2]!.hears(0), []);
  });

  test("presence: subscribers hear every status, and that the user is gone", async () => {
    const publisher = await connected("presence", 0);
    const subscribers = [await connected("presence", 1), await connected("presence", 2)];
    for (const status of ["at work", " at <lunch> "]) publisher.connection.send(status);
    for (const { hears } of subscribers) assert.deepEqual(await hears(2), ["at work", " at <lunch> "]);
    await publisher.connection.close();
    for (const { hears } of subscribers) assert.equal((await hears(3)).at(-1), "gone");
    for (const { connection } of subscribers) await connection.close();
  });

  test("come-and-go: subscribers hear a user take leave and come back, with what it says", async () => {
    const publisher = await connected("come-and-go", 0);
    const subscriber = await connected("come-and-go", 1);
    for (const status of ["leaving", "back", "leaving again"]) publisher.connection.send(status);
    assert.deepEqual(await subscriber.hears(3), ["leaving", "back", "leaving again"]);
    for (const { connection } of [publisher, subscriber]) await connection.close();
    assert.equal((await subscriber.hears(3)).length, 3, "whoever has taken leave is not said to be gone");
  });

  test("a user whose partner is gone is gone too", async () => {
    const { connection } = await connected("relay");
    await server.close();
    assert.notEqual((await connection.closed).by, "client");
  });
}
