import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerConnection } from "../../protocol/contract.ts";
import { join, start } from "../../servers/testing.ts";
import { mainProtocolNames, protocolNames, protocols } from "./protocols.ts";

test("a variant is stood for by a protocol that is none itself, and is no main protocol", () => {
  const variants = protocols.flatMap(({ server: { traits } }) =>
    traits.variantOf === undefined ? [] : [[traits.name, traits.variantOf] as const],
  );
  assert.deepEqual(variants, [
    ["http", "long-polling"],
    ["xmpp-websocket", "xmpp"],
    ["bosh", "xmpp"],
  ]);
  for (const [name, main] of variants) {
    assert.ok(mainProtocolNames.includes(main), `${main} is compared where time is short`);
    assert.ok(!mainProtocolNames.includes(name), `${name} is not`);
  }
  assert.equal(mainProtocolNames.length + variants.length, protocolNames.length);
});

test("a server that answers held requests says whether one waits, and no other does", {
  timeout: 600_000,
}, async (t) => {
  for (const { server, client } of protocols) {
    let connection: ServerConnection | undefined;
    const running = await start(t, server, {}, (opened) => {
      connection = opened;
      return { message() {}, closed() {} };
    });
    const user = await join(client, running.url);
    const { name, downlink } = server.traits;
    assert.equal(typeof connection?.isAwaited, downlink === "held-request" ? "boolean" : "undefined", name);
    await user.close();
  }
});
