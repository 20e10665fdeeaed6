import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesOf, firstOf } from "./addresses.ts";

const hosts = (url: string, node: string): string[] => addressesOf(url, node).map(({ host }) => host);

test("nodes begin at different addresses of a broker, each always at the same", () => {
  const url = "nats://127.0.0.1:1,127.0.0.1:2,[::1]:3";
  assert.deepEqual(hosts(url, "node-1"), ["127.0.0.1:2", "[::1]:3", "127.0.0.1:1"]);
  assert.deepEqual(hosts(url, "node-2"), ["[::1]:3", "127.0.0.1:1", "127.0.0.1:2"]);
  assert.deepEqual(hosts(url, "node-12"), ["127.0.0.1:1", "127.0.0.1:2", "[::1]:3"]);
  assert.deepEqual(hosts(url, "observer"), ["127.0.0.1:1", "127.0.0.1:2", "[::1]:3"]);
  assert.deepEqual(hosts("redis://u:p@example.org:6379/2", "node-7"), ["example.org:6379"]);
  const [, second] = addressesOf("redis-sentinel://a:1,b:2/main", "node-0");
  assert.equal(second!.href, "redis-sentinel://b:2/main");
});

test("one address after the other is tried until one works; if none does, the last reason counts", async () => {
  const addresses = addressesOf("nats://a:1,b:2,c:3", "");
  const tried: string[] = [];
  const found = await firstOf(addresses, async ({ host }) => {
    tried.push(host);
    if (host === "a:1") throw new Error("refused");
    return host;
  });
  assert.equal(found, "b:2");
  assert.deepEqual(tried, ["a:1", "b:2"]);
  const none = firstOf(addresses, async ({ host }) => Promise.reject(new Error(`${host} refused`)));
  await assert.rejects(none, { message: "c:3 refused" });
});
