import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, named } from "./suggestion.ts";

const known = ["tcp", "websocket", "sse", "short-polling", "long-polling", "xmpp"];

for (const [name, meant] of [
  ["websockets", "websocket"],
  ["webscoket", "websocket"],
  ["WebSocket", "websocket"],
  ["web", "websocket"],
  ["long-poling", "long-polling"],
  ["sss", "sse"],
] as const) {
  test(`${name} is taken for ${meant}`, () => assert.equal(didYouMean(name, known), `did you mean "${meant}"? `));
}

test("what is like nothing is guessed to be nothing", () => {
  for (const name of ["carrier-pigeon", "", "mqtt-sn"]) assert.equal(didYouMean(name, known), "");
});

test("a name that exists is found, another one is refused with all there are", () => {
  assert.equal(named("protocol", "sse", known, String), "sse");
  assert.throws(() => named("protocol", "xmp", known, String), {
    code: "usage",
    message: `unknown protocol "xmp": did you mean "xmpp"? expected one of ${known.join(", ")}`,
  });
});
