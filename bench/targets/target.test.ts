import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTarget } from "./target.ts";

test("reads a protocol, and a protocol with the URL of a running server", () => {
  assert.deepEqual(parseTarget("websocket"), { label: "websocket", protocol: "websocket" });
  const url = "ws://127.0.0.1:9001/echo?a=b";
  assert.deepEqual(parseTarget(`websocket=${url}`), { label: `websocket=${url}`, protocol: "websocket", url });
});

test("hides a password in the label, since labels are printed in reports", () => {
  const target = parseTarget("xmpp=xmpp://alice:s3cret@127.0.0.1:5222/");
  assert.equal(target.label, "xmpp=xmpp://alice:***@127.0.0.1:5222/");
  assert.equal(target.url, "xmpp://alice:s3cret@127.0.0.1:5222/");
});

const mistakes: [string, RegExp][] = [
  ["", /unknown protocol ""/],
  ["carrier-pigeon", /unknown protocol "carrier-pigeon": expected one of tcp, websocket/],
  ["websocket+tls", /websocket has no option "tls"/],
  ["xmpp@prosody", /xmpp has no server "prosody"/],
  ["websocket=http://127.0.0.1/", /a URL like ws:\/\/HOST:PORT\//],
  ["websocket=", /a URL like/],
  ["tcp=tcp:///", /a URL like/],
];

for (const [text, message] of mistakes) {
  test(`refuses ${JSON.stringify(text)} and says what is expected`, () => {
    assert.throws(() => parseTarget(text), { code: "usage", message });
  });
}
