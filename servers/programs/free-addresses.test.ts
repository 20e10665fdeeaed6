import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { freeAddresses } from "./free-addresses.ts";

test("loopback addresses are all different, and their port can be listened on", {
  skip: process.platform !== "linux",
}, async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const addresses = await freeAddresses(3, port);
  assert.equal(new Set(addresses).size, 3);
  for (const address of addresses) {
    assert.match(address, /^127(\.1\d\d){3}$/);
    const other = createServer().listen(port, address);
    await once(other, "listening");
    other.close();
  }
  server.close();
});

test("a port that another program has at all addresses is a reason not to run", async () => {
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await assert.rejects(freeAddresses(2, port), {
    code: "component-missing",
    message: `no loopback address has its port ${port} free: EADDRINUSE`,
  });
  server.close();
});
