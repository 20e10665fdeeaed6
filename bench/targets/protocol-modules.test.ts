import assert from "node:assert/strict";
import { test } from "node:test";
import { loadClient, loadServer } from "./protocol-modules.ts";
import { protocols } from "./protocols.ts";

test("loads for every registered protocol what the registry has", async () => {
  for (const { server, client } of protocols) {
    const { name } = server.traits;
    assert.equal(await loadServer(name), server);
    assert.equal(await loadClient(name), client);
  }
});
