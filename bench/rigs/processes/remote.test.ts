import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { defaultLimits } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { until } from "../../../protocol/testing.ts";
import { isAlive } from "../../../servers/programs/testing.ts";
import { announcer, answer, Calls, type Channel } from "./calls.ts";
import type { GeneratorApi } from "./generator.ts";
import { RemoteProcess } from "./remote.ts";
import type { ServerApi } from "./server.ts";
import type { ObedientApi, ObedientEvents } from "./testing.ts";

const listenOrder = {
  protocol: "tcp",
  behaviour: { name: "echo" },
  options: {},
  codec: { kind: "text", payloadBytes: 64, seed: 1 },
  host: "127.0.0.1",
  port: 0,
  limits: defaultLimits,
} as const;

test("a call returns what the child returns, and stop ends the child", async () => {
  const child = new RemoteProcess<ServerApi>("server", "server");
  const { url } = await child.call("listen", listenOrder, 60_000);
  assert.match(url, /^tcp:\/\/127\.0\.0\.1:\d+\/$/);
  await child.stop();
  await child.stop();
  assert.equal(await child.exited, "the server process ended with exit code 0");
});

test("an error in the child keeps its code and sentence", async () => {
  const child = new RemoteProcess<GeneratorApi>("load generator", "generator");
  const { codec, limits } = listenOrder;
  const url = "tcp://127.0.0.1:1/";
  const order = {
    protocol: "tcp",
    client: "library",
    options: {},
    url,
    connections: 1,
    firstUser: 0,
    codec,
    limits,
  } as const;
  await assert.rejects(child.call("connect", order, 60_000), {
    code: "connect-refused",
    message: /nothing listens at tcp:\/\/127\.0\.0\.1:1\//,
  });
  await child.stop();
});

test("a call to a child that is killed, or was, rejects with how it ended", async () => {
  const child = new RemoteProcess<ServerApi>("server", "server");
  await child.call("listen", listenOrder, 60_000);
  const window = { name: "w", flows: {}, index: 1, rampUpStartNs: 0, startNs: 0, endNs: 0, connections: 2, seed: 1 };
  await child.call("prepare", window, 60_000);
  process.kill(child.pid!, "SIGSTOP");
  const pending = child.call("collect", { drainMs: 0 }, 60_000);
  process.kill(child.pid!, "SIGKILL");
  const killed = { code: "process-failed", message: "the server process ended by SIGKILL" };
  await assert.rejects(pending, killed);
  await assert.rejects(child.call("collect", { drainMs: 0 }, 60_000), killed);
});

test("a child that does not answer is called silent", async () => {
  const child = new RemoteProcess<ServerApi>("server", "server");
  await child.call("listen", listenOrder, 60_000);
  process.kill(child.pid!, "SIGSTOP");
  await assert.rejects(child.call("halt", undefined, 50), {
    code: "process-failed",
    message: "the server process was silent for 0.05 s",
  });
  await child.stop();
});

test("a child that is frozen, and one that was, are gone when their driver is killed", {
  timeout: 60_000,
}, async (t) => {
  const source = `
import { RemoteProcess } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "remote.ts")).href)};
const children = [0, 1].map(() => new RemoteProcess("server", "server"));
for (const child of children) await child.call("listen", ${JSON.stringify(listenOrder)}, 60_000);
for (const child of children) child.signal("SIGSTOP");
children[1].signal("SIGCONT");
console.log(JSON.stringify(children.map(({ pid }) => pid)));
`;
  const driver = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => driver.kill("SIGKILL"));
  const [said] = (await once(driver.stdout!, "data")) as [Buffer];
  const pids = JSON.parse(said.toString()) as number[];
  t.after(() => pids.filter(isAlive).forEach((pid) => void process.kill(pid, "SIGKILL")));
  assert.deepEqual(pids.map(isAlive), [true, true]);
  driver.kill("SIGKILL");
  await until(() => !pids.some(isAlive));
});

test("a module that does not exist is told with the child's own words", async () => {
  const child = new RemoteProcess<ServerApi>("server", "no-such-entry");
  assert.match(await child.exited, /ended with exit code 1: Error: Cannot find module/);
});

const waitMs = 60_000;

function obedientChild(
  t: TestContext,
  onEvent?: (event: "said", word: string) => void,
): RemoteProcess<ObedientApi, ObedientEvents> {
  const child = new RemoteProcess<ObedientApi, ObedientEvents>("obedient", "testing", onEvent);
  t.after(() => child.stop());
  return child;
}

test("calls under way at the same time are answered in whatever order the child is done", async (t) => {
  const child = obedientChild(t);
  const settled: string[] = [];
  const held = ["first", "second", "third"].map(async (name) => {
    settled.push(await child.call("hold", name, waitMs));
  });
  for (const index of [2, 0, 1]) {
    await child.call("release", ["first", "second", "third"][index]!, waitMs);
    await held[index];
  }
  assert.deepEqual(settled, ["third", "first", "second"]);
});

test("what a method throws crosses with its code, or as a failed process where it has none", async (t) => {
  const child = obedientChild(t);
  const fail = (error: { code?: "queue-full"; message: string }) => child.call("fail", error, waitMs);
  const coded = await fail({ code: "queue-full", message: "too much" }).catch((error: unknown) => error);
  assert.ok(coded instanceof WirebenchError);
  assert.deepEqual([coded.code, coded.message], ["queue-full", "too much"]);
  await assert.rejects(fail({ message: "plain" }), {
    name: "WirebenchError",
    code: "process-failed",
    message: "plain",
  });
});

test("a call that cannot be answered is an error: no such method, or a value that is not data", async (t) => {
  const child = obedientChild(t);
  const anything = child as unknown as RemoteProcess<Record<string, () => Promise<unknown>>>;
  for (const name of ["fly", "toString", "constructor"]) {
    await assert.rejects(anything.call(name, undefined, waitMs), {
      code: "usage",
      message: `there is no method "${name}" to call`,
    });
  }
  await assert.rejects(child.call("unsendable", undefined, waitMs), {
    code: "process-failed",
    message: /^Do not .* BigInt/,
  });
});

test("an argument may be left out, and one that is not data is the caller's error", async (t) => {
  const child = obedientChild(t);
  assert.equal(await child.call("argument", undefined, waitMs), "undefined");
  await assert.rejects(child.call("argument", 1n, waitMs), /BigInt/);
});

test("the time limit is the call's own and names the process", async (t) => {
  const child = obedientChild(t);
  const patient = child.call("hold", "patient", waitMs);
  await assert.rejects(child.call("hold", "hasty", 20), {
    code: "process-failed",
    message: "the obedient process was silent for 0.02 s",
  });
  await child.call("release", "hasty", waitMs);
  await child.call("release", "patient", waitMs);
  assert.equal(await patient, "patient");
});

test("a call after the exit rejects with how the process ended", async (t) => {
  const child = obedientChild(t);
  const exit = child.call("exit", { code: 3, lastWords: "Error: enough" }, waitMs);
  const ended = { code: "process-failed", message: "the obedient process ended with exit code 3: Error: enough" };
  await assert.rejects(exit, ended);
  assert.equal(await child.exited, ended.message);
  await assert.rejects(child.call("hold", "late", waitMs), ended);
});

test("what a child announces arrives before the answers it gives later", async (t) => {
  const heard: string[] = [];
  const child = obedientChild(t, (event, value) => heard.push(`${event} ${value}`));
  await child.call("say", ["one", "two"], waitMs);
  assert.deepEqual(heard, ["said one", "said two"]);
});

test("a child ignores Ctrl-C and ends when its driver is gone", async (t) => {
  const child = obedientChild(t);
  await child.call("argument", undefined, waitMs);
  process.kill(child.pid!, "SIGINT");
  assert.equal(await child.call("argument", 1, waitMs), "1");
  await child.stop();
  assert.equal(await child.exited, "the obedient process ended with exit code 0");
});

/** JSON, a line each. */
const lines = (socket: Socket): Channel => ({
  post: (data) => void socket.write(`${JSON.stringify(data)}\n`),
  on: (listener) => void createInterface(socket).on("line", (line) => listener(JSON.parse(line))),
});

test("calls and events cross a socket as they cross between processes", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const near = dial((server.address() as { port: number }).port, "127.0.0.1");
  t.after(() => near.destroy());
  const [far] = (await once(server, "connection")) as [Socket];
  t.after(() => far.destroy());

  const released = Promise.withResolvers<string>();
  const announce = announcer<{ progress: number; done: string }>(lines(far));
  const api = {
    held: () => released.promise,
    never: () => new Promise<void>(() => {}),
    release: async (word: string) => released.resolve(word),
    work: async ({ steps }: { steps: number }) => {
      for (let step = 1; step <= steps; step++) announce("progress", step);
      announce("done", "worked");
      return { steps };
    },
    refuse: async () => {
      throw new WirebenchError("component-missing", "no such program");
    },
  };
  answer(lines(far), api);
  const heard: (number | string)[] = [];
  const calls = new Calls<typeof api, { progress: number; done: string }>("the far machine", lines(near), (...said) => {
    heard.push(said[0] === "progress" ? said[1] + 0.5 : said[1].toUpperCase());
  });
  near.once("close", () => calls.close("the connection to the far machine ended"));

  const held = calls.call("held", undefined, waitMs);
  assert.deepEqual(await calls.call("work", { steps: 2 }, waitMs), { steps: 2 });
  assert.deepEqual(heard, [1.5, 2.5, "WORKED"]);
  await assert.rejects(calls.call("refuse", undefined, waitMs), {
    name: "WirebenchError",
    code: "component-missing",
    message: "no such program",
  });
  // What is no message is passed over, on either side.
  for (const noise of [null, 7, "hello", [], {}, { t: "q" }, { t: "q", m: {}, a: [] }, { t: "s", i: "x", e: null }]) {
    lines(near).post(noise);
    lines(far).post(noise);
  }
  await calls.call("release", "free", waitMs);
  assert.equal(await held, "free");

  const pending = [calls.call("never", undefined, waitMs), calls.call("never", undefined, waitMs)];
  const ended = { code: "process-failed", message: "the connection to the far machine ended" };
  const rejections = pending.map((call) => assert.rejects(call, ended));
  far.end();
  await Promise.all(rejections);
  await assert.rejects(calls.call("release", "late", waitMs), ended);
});
