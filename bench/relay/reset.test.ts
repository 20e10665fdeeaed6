import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { reset } from "./reset.ts";

for (const [name, goodbye] of [
  ["a connection", false],
  ["a connection that is saying goodbye", true],
] as const) {
  test(`${name} is closed, and its peer hears of it`, { timeout: 20_000 }, async (t) => {
    const server = createServer({ allowHalfOpen: true });
    await once(server.listen(0, "127.0.0.1"), "listening");
    t.after(() => server.close());
    const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
    const [[peer]] = await Promise.all([once(server, "connection"), once(socket, "connect")]);
    const heard = goodbye ? once(peer.resume(), "end") : once(peer, "error");
    const closed = once(socket, "close");
    if (goodbye) socket.end();
    reset(socket);
    await Promise.all([closed, heard]);
    assert.equal(socket.destroyed, true);
    peer.destroy();
  });
}
