import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, beginsWithTls } from "./address.ts";

test("an address has the port of its URL, else that of the scheme, else none", () => {
  assert.deepEqual(addressOf("wss://127.0.0.1:9443/chat"), { host: "127.0.0.1", port: 9443 });
  assert.deepEqual(addressOf("https://[::1]/"), { host: "::1", port: 443 });
  assert.deepEqual(addressOf("xmpp://user:secret@example.org/"), { host: "example.org", port: 5222 });
  assert.deepEqual(addressOf("tcp://localhost/"), { host: "localhost", port: 0 });
});

test("the scheme says whether TLS begins with the connection", () => {
  const encrypted = (scheme: string): boolean => beginsWithTls(`${scheme}://localhost:1/`);
  assert.deepEqual(["wss", "https", "xmpps", "tcps"].map(encrypted), [true, true, true, true]);
  assert.deepEqual(["ws", "http", "xmpp", "tcp"].map(encrypted), [false, false, false, false]);
});
