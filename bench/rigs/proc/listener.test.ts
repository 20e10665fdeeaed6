/** On real sockets. Needs /proc. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
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
    assert.deepEqual(listenersOf(server.port, host === "0.0.0.0" ? "127.0.0.1" : host), [process.pid]);
  });
}

/** A process that listens on a port of `host`; 0 takes a free one. */
async function listener(t: TestContext, host: string, port = 0): Promise<{ pid: number; port: number }> {
  const options = JSON.stringify({ host, port, reusePort: true });
  const code = `const server = require("node:net").createServer().listen(${options}, () => process.send(server.address().port));`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  const [own] = (await once(child, "message")) as [number];
  return { pid: child.pid!, port: own };
}

test("processes that share a port are all found", async (t) => {
  const first = await listener(t, "127.0.0.1");
  const second = await listener(t, "127.0.0.1", first.port);
  assert.deepEqual(new Set(listenersOf(first.port, "127.0.0.1")), new Set([first.pid, second.pid]));
});

test("the process of an address is preferred to one of any address, and that of another address is none", async (t) => {
  const any = await listener(t, "0.0.0.0");
  const exact = await listener(t, "127.0.0.2", any.port);
  assert.deepEqual(listenersOf(any.port, "127.0.0.2"), [exact.pid]);
  assert.deepEqual(listenersOf(any.port, "127.0.0.1"), [any.pid]);
});

test("localhost is not guessed where IPv4 and IPv6 are served by different processes", async (t) => {
  const four = await listener(t, "127.0.0.1");
  const six = await listener(t, "::1", four.port);
  const pidsAt = (url: string) => {
    const found = serverAt(url);
    return "pids" in found ? found.pids : found.reason;
  };
  assert.deepEqual(pidsAt(`ws://127.0.0.1:${four.port}/`), [four.pid]);
  assert.deepEqual(pidsAt(`ws://[::1]:${four.port}/`), [six.pid]);
  assert.match(
    String(pidsAt(`ws://localhost:${four.port}/`)),
    /one process listens on localhost:\d+ for IPv4 and another/,
  );
});

test("a port where nobody listens any more has no process", async () => {
  const server = await listening("127.0.0.1");
  await server[Symbol.asyncDispose]();
  assert.deepEqual(listenersOf(server.port, "127.0.0.1"), []);
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
  assert.deepEqual(listenersOf(port, "127.0.0.1"), [master.pid]);
});

test("a URL is looked up on this host only", async () => {
  await using server = await listening("127.0.0.1");
  assert.deepEqual(serverAt(`ws://localhost:${server.port}/path`), {
    pids: [process.pid],
    addresses: ["127.0.0.1", "::1"],
    port: server.port,
  });
  assert.deepEqual(serverAt("ws://example.org:80/"), { reason: "example.org is another host" });
});
