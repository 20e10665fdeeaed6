import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { Wiretap } from "./wiretap.ts";

/** A server that says hello twice, whatever comes. */
async function talkative(t: import("node:test").TestContext): Promise<number> {
  const server = createServer((socket) => socket.on("data", () => socket.write("hello hello")));
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

test("a wiretap counts how often the server's bytes followed the client's, and all bytes", async (t) => {
  await using tap = await Wiretap.on({ host: "127.0.0.1", port: await talkative(t) });
  const client = connect({ host: "127.0.0.1", port: tap.port });
  for (let turn = 0; turn < 3; turn++) {
    client.write("ask");
    await once(client, "data");
  }
  assert.deepEqual(tap.take(), { roundTrips: 3, upBytes: 9, downBytes: 33 });
  assert.deepEqual(tap.take(), { roundTrips: 0, upBytes: 0, downBytes: 0 });
  client.destroy();
});

test("a wiretap changes what the server says where it is told to", async (t) => {
  const target = { host: "127.0.0.1", port: await talkative(t) };
  await using tap = await Wiretap.on(target, (bytes) => Buffer.from(String(bytes).toUpperCase()));
  const client = connect({ host: "127.0.0.1", port: tap.port });
  client.write("ask");
  const [heard] = await once(client, "data");
  assert.equal(String(heard), "HELLO HELLO");
  client.destroy();
});

test("a wiretap tells who said what on which connection, in the order in which it was said", async (t) => {
  const heard: string[] = [];
  const target = { host: "127.0.0.1", port: await talkative(t) };
  await using tap = await Wiretap.on(target, undefined, ({ connection, direction, bytes }) =>
    heard.push(`${connection} ${direction} ${bytes}`),
  );
  for (const word of ["first", "second"]) {
    const client = connect({ host: "127.0.0.1", port: tap.port });
    client.write(word);
    await once(client, "data");
    client.destroy();
  }
  assert.deepEqual(heard, ["1 up first", "1 down hello hello", "2 up second", "2 down hello hello"]);
});
