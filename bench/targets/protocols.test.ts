import assert from "node:assert/strict";
import { test } from "node:test";
import { mainProtocolNames, protocolNames, protocols } from "./protocols.ts";

test("a variant is another binding of a protocol that is none itself, and no main protocol", () => {
  const variants = protocols.flatMap(({ server: { traits } }) =>
    traits.variantOf === undefined ? [] : [[traits.name, traits.variantOf] as const],
  );
  assert.deepEqual(variants, [
    ["xmpp-websocket", "xmpp"],
    ["bosh", "xmpp"],
  ]);
  for (const [name, main] of variants) {
    assert.ok(mainProtocolNames.includes(main), `${main} is compared where time is short`);
    assert.ok(!mainProtocolNames.includes(name), `${name} is not`);
  }
  assert.equal(mainProtocolNames.length + variants.length, protocolNames.length);
});
