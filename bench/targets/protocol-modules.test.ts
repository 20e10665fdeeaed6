import assert from "node:assert/strict";
import { test } from "node:test";
import { loadClient, loadServer } from "./protocol-modules.ts";
import { clientsOf, protocols } from "./protocols.ts";

test("loads for every registered protocol what the registry has", async () => {
  for (const protocol of protocols) {
    const { name } = protocol.server.traits;
    assert.equal(await loadServer(name), protocol.server);
    for (const [kind, client] of clientsOf(protocol)) assert.equal(await loadClient(name, kind), client);
  }
});
