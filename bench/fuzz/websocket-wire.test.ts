import assert from "node:assert/strict";
import { test } from "node:test";
import { webSocketWire } from "./websocket-wire.ts";

test("what is said in a fragment is not said before the last one of its message", () => {
  const { opening, encode, isUnfinished } = webSocketWire("ws://127.0.0.1:1/xmpp");
  const asked = encode("<iq id='s'/>");
  const fragment = Buffer.from(asked);
  fragment[0] = 0x01;
  const last = Buffer.from([0x80, 0x80, 0, 0, 0, 0]);
  const after = (...frames: readonly Buffer[]): boolean => isUnfinished(Buffer.concat([opening, ...frames]), 0, "s");
  assert.deepEqual([after(), after(asked), after(fragment), after(fragment, last)], [true, false, true, false]);
});
