/** On real sockets. Needs /proc. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { listenersOf, serverAt } from "./listener.ts";

async function listening(host: string): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

for (const host of ["127.0.0.1", "::1", "0.0.0.0"]) {
  test(`the process that listens on a port of ${host} is found`, async () => {
    await using server = await listening(host);
    assert.deepEqual(listenersOf(server.port), [process.pid]);
  });
}

test("a port where nobody listens any more has no process", async () => {
  const server = await listening("127.0.0.1");
  await server[Symbol.asyncDispose]();
  assert.deepEqual(listenersOf(server.port), []);
  const found = serverAt(`tcp://127.0.0.1:${server.port}/`);
  assert.match("reason" in found ? found.reason : "", new RegExp(`listens on port ${server.port}$`));
});

test("of a server whose workers hold its socket too, only the master is named", async (t) => {
  const code = `const { createServer } = require("node:net");
    const server = createServer().listen(0, "127.0.0.1", () => {
      const worker = require("node:child_process").spawn("sleep", ["600"], { stdio: ["ignore", "ignore", "ignore", server._handle.fd] });
      process.send([server.address().port, worker.pid]);
    });`;
  const master = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => master.kill("SIGKILL"));
  const [[port, worker]] = (await once(master, "message")) as [[number, number]];
  t.after(() => process.kill(worker, "SIGKILL"));
  assert.deepEqual(listenersOf(port), [master.pid]);
});

test("a URL is looked up on this host only", async () => {
  await using server = await listening("127.0.0.1");
  assert.deepEqual(serverAt(`ws://localhost:${server.port}/path`), { pids: [process.pid] });
  assert.deepEqual(serverAt("ws://example.org:80/"), { reason: "example.org is another host" });
});
