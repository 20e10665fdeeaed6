/** On real processes and sockets. Needs /proc. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { until } from "../../../protocol/testing.ts";
import { Forwarding } from "./forwarding.ts";

const address = "127.0.0.1";

/** A process that listens and does with each connection what `serve` says; `before` runs once, ahead of all. */
async function serverThat(
  t: TestContext,
  serve: string,
  { before = "", program = process.execPath }: { before?: string; program?: string } = {},
) {
  const code = `const net = require("node:net");
    ${before};
    const server = net.createServer((socket) => { socket.on("error", () => {}).resume(); ${serve} });
    server.listen(0, "${address}", () => process.send(server.address().port));`;
  const child = spawn(program, ["-e", code], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  return { pid: child.pid!, port, child };
}

async function users(t: TestContext, port: number, count: number): Promise<void> {
  const sockets = Array.from({ length: count }, () => connect(port, address));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) socket.on("error", () => {});
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
}

/** Where others may connect to. */
async function somewhere(t: TestContext): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {}))).listen(0, address);
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

test("a process that opens a connection for each it accepts is taken for a forwarder, and stays one", async (t) => {
  const behind = await somewhere(t);
  const { pid, port } = await serverThat(t, `net.connect(${behind.port}, "${address}").on("error", () => {});`);
  const forwarding = new Forwarding([pid], [address], port);
  await users(t, port, 6);
  await until(() => behind.sockets.length === 6);
  assert.equal(
    forwarding.suspicion(),
    `node (pid ${pid}) opened 6 connections to other processes for 6 accepted ones, as a forwarder does`,
  );
  assert.match(new Forwarding([pid], [address], port).suspicion()!, /as a forwarder does/);
});

test("a server with a pool of connections that it had before its users is none", async (t) => {
  const behind = await somewhere(t);
  const before = `for (let i = 0; i < 10; i++) net.connect(${behind.port}, "${address}")`;
  const { pid, port } = await serverThat(t, "", { before });
  await until(() => behind.sockets.length === 10);
  const forwarding = new Forwarding([pid], [address], port);
  await users(t, port, 4);
  await until(() => forwarding.suspicion() === undefined);
});

test("a server whose connections lead to its own processes is none", async (t) => {
  const before = `const inner = require("node:child_process").spawn(process.execPath, ["-e",
    \`const s = require("node:net").createServer((c) => c.on("error", () => {}).resume()).listen(0, "${address}", () => console.log(s.address().port));
    process.stdin.on("end", () => process.exit()).resume();\`]);
    let innerPort; inner.stdout.once("data", (port) => { innerPort = Number(port); process.send("ready"); })`;
  const { pid, port, child } = await serverThat(t, `net.connect(innerPort, "${address}").on("error", () => {});`, {
    before,
  });
  await once(child, "message");
  const forwarding = new Forwarding([pid], [address], port);
  await users(t, port, 4);
  await until(() => forwarding.suspicion() === undefined);
});

test("a process that listens but holds no connection is not the server", async (t) => {
  const { pid, port, child } = await serverThat(t, "");
  // From now on the kernel accepts for it, and it does not.
  child.kill("SIGSTOP");
  const forwarding = new Forwarding([pid], [address], port);
  await users(t, port, 3);
  assert.equal(forwarding.suspicion(), `node (pid ${pid}) listens there but holds none of the connections`);
});

test("a program known to forward is told by its name before anybody connects", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "socat");
  copyFileSync(process.execPath, program);
  const { pid, port } = await serverThat(t, "", { program });
  const forwarding = new Forwarding([pid], [address], port);
  assert.equal(forwarding.suspicion(), `socat (pid ${pid}) listens there and forwards to another process`);
});
