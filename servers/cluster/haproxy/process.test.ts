/** HAProxy as a process: what it leaves, what it says, and who is cut by what. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { hasProgram } from "../../../bench/testing.ts";
import { until } from "../../../protocol/testing.ts";
import { startProxy } from "./process.ts";
import {
  connectUser,
  nodeOfNewUser,
  patientWithChecks,
  proxyOptions,
  setupOf,
  startNode,
  startNodes,
  startTestProxy,
  statusOf,
} from "./testing.ts";

const proxied = (title: string, run: (t: TestContext) => Promise<void>): void =>
  void it(title, { timeout: 60_000 }, async (t) => {
    if (hasProgram(t, "haproxy")) await run(t);
  });

/** Zombies do not count: whoever adopted them may be slow to bury them. */
function alive(pids: readonly number[]): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,stat="], { encoding: "utf8" });
  const living = stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([pid, state]) => (state?.startsWith("Z") ? [] : [Number(pid)]));
  return pids.filter((pid) => living.includes(pid));
}

/** One that was killed closes its files, which is all that can be waited for, a moment before it is gone. */
const allGone = (pids: readonly number[]): Promise<void> => until(() => alive(pids).length === 0);

describe("a started proxy", () => {
  proxied("has asked every node but the spare ones whether it is ready", async (t) => {
    const [node, late] = await startNodes(t, 2);
    const spare = await startNode(t, "node-3", { spare: true });
    late!.readyStatus = 503;
    let started = false;
    const starting = startTestProxy(t, [node!, late!, spare]).then((proxy) => {
      started = true;
      return proxy;
    });
    await until(() => late!.checks > 0);
    assert.equal(started, false);
    late!.readyStatus = 200;
    const proxy = await starting;
    assert.ok(node!.checks > 0);
    assert.equal(spare.checks, 0);
    assert.deepEqual(await proxy.status(), [
      { name: "node-1", status: "UP", sessions: 0, sessionsTotal: 0 },
      { name: "node-2", status: "UP", sessions: 0, sessionsTotal: 0 },
      { name: "node-3", status: "MAINT", sessions: 0, sessionsTotal: 0 },
    ]);
  });

  proxied("leaves neither a process nor a folder when it is stopped, old workers included", async (t) => {
    const options = proxyOptions();
    const proxy = await startProxy(setupOf(await startNodes(t, 1)), options, patientWithChecks);
    t.after(() => proxy.stop());
    const user = await connectUser(t, proxy);
    await proxy.reload();
    const pids = proxy.pids();
    assert.equal(pids.length, 3);
    assert.deepEqual(alive(pids), pids);
    await proxy.stop();
    await allGone(pids);
    assert.deepEqual(proxy.pids(), []);
    assert.equal(existsSync(options.folder), false);
    await user.closed;
    await proxy.stop();
  });

  proxied("dies with its driver, workers and all", async (t) => {
    const nodes = await startNodes(t, 1);
    const { folder, executable } = proxyOptions();
    const driver = spawn(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `const { startProxy } = await import(${JSON.stringify(new URL("process.ts", import.meta.url).href)});
         const [setup, options] = JSON.parse(process.argv[1]);
         const proxy = await startProxy(setup, options);
         console.log(JSON.stringify(proxy.pids()));
         setInterval(() => {}, 1000);`,
        JSON.stringify([
          setupOf(nodes.map(({ name, port, readyPort, spare }) => ({ name, port, readyPort, spare }))),
          { folder, executable, temporary: true },
        ]),
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    t.after(() => driver.kill("SIGKILL"));
    const [line] = (await once(driver.stdout, "data")) as [Buffer];
    const pids = JSON.parse(String(line)) as number[];
    assert.equal(pids.length, 2);
    assert.deepEqual(alive(pids), pids);
    driver.kill("SIGKILL");
    await until(() => alive(pids).length === 0 && !existsSync(folder));
  });

  proxied("says so when it dies although nobody asked for it", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 1));
    const died = new Promise<string>((resolve) => {
      proxy.onDeath = resolve;
    });
    const pids = proxy.pids();
    process.kill(pids[0]!, "SIGKILL");
    assert.match(await died, /^haproxy ended by SIGKILL/);
    await allGone(pids);
    await assert.rejects(proxy.status(), { code: "component-failed", message: /did not answer "show stat/ });
    await assert.rejects(proxy.reload(), { code: "component-failed" });
  });

  proxied("is on the same port after it was killed and started again, as the configuration says", async (t) => {
    const nodes = await startNodes(t, 2);
    const proxy = await startTestProxy(t, nodes);
    const deaths: string[] = [];
    proxy.onDeath = (sentence) => deaths.push(sentence);
    const { authority } = proxy;
    const user = await connectUser(t, proxy);
    await proxy.setState("node-1", "drain");
    const pids = proxy.pids();
    await proxy.kill();
    await allGone(pids);
    assert.equal(await user.closed, 1006);
    await assert.rejects(connectUser(t, proxy), { code: "ECONNREFUSED" });
    // A node that is down does not hold the restart up.
    nodes[1]!.readyStatus = 503;
    await proxy.restart();
    assert.equal(proxy.authority, authority);
    assert.equal(await statusOf(proxy, nodes[0]!), "UP");
    assert.equal(await statusOf(proxy, nodes[1]!), "DOWN");
    assert.equal(await nodeOfNewUser(t, proxy), "node-1");
    assert.deepEqual(deaths, []);
  });
});

describe("a reload", () => {
  proxied("keeps connections in the old worker and takes new ones with the new", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 1));
    const user = await connectUser(t, proxy);
    const [master, before] = proxy.pids();
    await proxy.reload();
    assert.equal(proxy.pids()[0], master);
    assert.equal(proxy.pids().length, 3);
    assert.ok(proxy.pids().includes(before!));
    assert.equal(await user.ask("still there?"), "node-1");
    for (let visit = 0; visit < 10; visit++) await nodeOfNewUser(t, proxy);
    // All ten, and not the one before them, are known to the worker that answers now.
    assert.deepEqual(await proxy.status(), [{ name: "node-1", status: "UP", sessions: 10, sessionsTotal: 10 }]);
    await user.close();
    await until(() => !proxy.pids().includes(before!));
    assert.equal(proxy.pids().length, 2);
  });

  proxied("refuses no user who comes meanwhile", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 2));
    let reloaded = false;
    const reloading = proxy.reload().then(() => {
      reloaded = true;
    });
    let users = 0;
    while (!reloaded) {
      await (await connectUser(t, proxy)).close();
      users++;
    }
    await reloading;
    assert.ok(users > 0);
  });

  proxied("keeps what was set by hand, and new settings go to the new worker", async (t) => {
    const nodes = await startNodes(t, 3);
    const spare = await startNode(t, "node-4", { spare: true });
    const proxy = await startTestProxy(t, [...nodes, spare]);
    await proxy.setState("node-1", "drain");
    await proxy.setState("node-2", "maint");
    await proxy.setState("node-4", "ready");
    await proxy.reload();
    const states = async (): Promise<string[]> => (await proxy.status()).map(({ status }) => status);
    assert.deepEqual(await states(), ["DRAIN", "MAINT", "UP", "UP"]);
    await proxy.setState("node-3", "maint");
    for (let user = 0; user < 3; user++) assert.equal(await nodeOfNewUser(t, proxy), "node-4");
    await Promise.all([proxy.reload(), proxy.reload()]);
    assert.deepEqual(await states(), ["DRAIN", "MAINT", "MAINT", "UP"]);
    for (const node of ["node-1", "node-2", "node-3"]) await proxy.setState(node, "ready");
    assert.deepEqual(await states(), ["UP", "UP", "UP", "UP"]);
  });

  proxied("leaves no connection out of reach: those of old workers are cut on demand", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 1));
    const old = await connectUser(t, proxy);
    await proxy.reload();
    const fresh = await connectUser(t, proxy);
    await proxy.shutdownSessions("node-1");
    assert.deepEqual([await old.closed, await fresh.closed], [1006, 1006]);
  });
});

describe("what HAProxy refuses", () => {
  proxied("is told in its own words: a configuration", async (t) => {
    const options = proxyOptions();
    const starting = startProxy(setupOf(await startNodes(t, 1), { tunnelTimeoutMs: 10 ** 13 }), options);
    await assert.rejects(starting, {
      code: "component-failed",
      message: /\[haproxy\.cfg:\d+\] : timer overflow in argument .* to 'timeout tunnel'/,
    });
    assert.equal(existsSync(options.folder), false);
  });

  proxied("is told in its own words: a port that another program has", async (t) => {
    const nodes = await startNodes(t, 1);
    const server = createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await assert.rejects(startProxy(setupOf(nodes), proxyOptions({ port })), {
      code: "component-failed",
      message: new RegExp(`port ${port} is taken: [\\s\\S]*cannot bind socket \\(Address already in use\\)`),
    });
  });

  proxied("is told in its own words: a port that another HAProxy has", async (t) => {
    const nodes = await startNodes(t, 1);
    const proxy = await startTestProxy(t, nodes);
    const port = Number(proxy.authority.split(":")[1]);
    await assert.rejects(startProxy(setupOf(nodes), proxyOptions({ port })), { message: /Address already in use/ });
    await nodeOfNewUser(t, proxy);
  });

  proxied("is told in its own words: a node it does not know", async (t) => {
    const proxy = await startTestProxy(t, await startNodes(t, 1));
    await assert.rejects(proxy.setState("node-9", "drain"), {
      code: "component-failed",
      message: 'haproxy refused "set server nodes/node-9 state drain": No such server.',
    });
    await assert.rejects(proxy.shutdownSessions("node-9"), { message: /No such server/ });
  });

  proxied("stays unstarted: an abort ends the start and leaves nothing", async (t) => {
    const [node] = await startNodes(t, 1);
    node!.readyStatus = 503;
    const options = proxyOptions({ signal: AbortSignal.timeout(300) });
    await assert.rejects(startProxy(setupOf([node!]), options), { code: "aborted" });
    assert.equal(existsSync(options.folder), false);
  });

  it("is not even tried: a folder whose path is too long for a socket", async () => {
    const parent = mkdtempSync(join(tmpdir(), "wirebench-haproxy-"));
    const folder = join(parent, "x".repeat(100));
    mkdirSync(folder);
    const starting = startProxy(setupOf([]), proxyOptions({ folder }));
    await assert.rejects(starting, { code: "usage", message: /too long/ });
    // Fails if anything was left in it.
    rmdirSync(parent);
  });
});
