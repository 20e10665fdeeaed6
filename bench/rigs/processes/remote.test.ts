import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../../protocol/contract.ts";
import { RemoteProcess } from "./remote.ts";
import type { ServerApi } from "./server.ts";

const listenOrder = {
  protocol: "tcp",
  service: "echo",
  codec: { kind: "text", payloadBytes: 64, seed: 1 },
  host: "127.0.0.1",
  port: 0,
  limits: defaultLimits,
} as const;

test("a call returns what the child returns, and stop ends the child", async () => {
  const child = new RemoteProcess<ServerApi>("server", "server");
  const { url } = await child.call("listen", listenOrder, 20_000);
  assert.match(url, /^tcp:\/\/127\.0\.0\.1:\d+\/$/);
  await child.stop();
  await child.stop();
  assert.equal(await child.exited, "the server process ended with exit code 0");
});

test("an error in the child keeps its code and sentence", async () => {
  const child = new RemoteProcess<ServerApi>("server", "server");
  await assert.rejects(child.call("listen", { ...listenOrder, protocol: "pigeon" }, 20_000), {
    code: "usage",
    message: /unknown protocol "pigeon"/,
  });
  await child.stop();
});

test("a call to a child that is killed, or was, rejects with how it ended", async () => {
  const child = new RemoteProcess<ServerApi>("server", "server");
  await child.call("listen", listenOrder, 20_000);
  const window = { name: "w", flows: {}, index: 1, settleStartNs: 0, startNs: 0, endNs: 0, connections: 2, seed: 1 };
  await child.call("begin", window, 20_000);
  process.kill(child.pid!, "SIGSTOP");
  const pending = child.call("collect", { drainMs: 0 }, 20_000);
  process.kill(child.pid!, "SIGKILL");
  const killed = { code: "process-failed", message: "the server process ended by SIGKILL" };
  await assert.rejects(pending, killed);
  await assert.rejects(child.call("collect", { drainMs: 0 }, 20_000), killed);
});

test("a child that does not answer is called silent", async () => {
  const child = new RemoteProcess<ServerApi>("server", "server");
  await child.call("listen", listenOrder, 20_000);
  process.kill(child.pid!, "SIGSTOP");
  await assert.rejects(child.call("halt", undefined, 50), {
    code: "process-failed",
    message: "the server process was silent for 0.05 s",
  });
  await child.stop();
});

test("a module that does not exist is told with the child's own words", async () => {
  const child = new RemoteProcess<ServerApi>("server", "no-such-entry");
  assert.match(await child.exited, /ended with exit code 1: Error: Cannot find module/);
});
