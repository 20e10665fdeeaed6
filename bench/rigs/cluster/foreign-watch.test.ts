import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { whyGone } from "./foreign-watch.ts";

test("a server that listens is not gone, one that no longer does is, by name and without its secrets", async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const urls = [`redis://user:secret@127.0.0.1:${port}/0`, `127.0.0.1:${port},127.0.0.1:1`, `nats://127.0.0.1:${port}`];
  for (const url of urls) assert.equal(await whyGone({ name: "redis of REDIS_URL", url }), undefined);
  await once(server.close(), "close");
  const expected = `redis of REDIS_URL at 127.0.0.1:${port} is gone: it served, and now refuses connections`;
  for (const url of urls) assert.equal(await whyGone({ name: "redis of REDIS_URL", url }), expected);
  assert.equal(await whyGone({ name: "x", url: "unix:/nowhere" }), undefined);
});
