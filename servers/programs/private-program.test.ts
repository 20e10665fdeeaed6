import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, watch, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { until } from "../../protocol/testing.ts";
import { converse } from "./conversation.ts";
import { freePort } from "./free-ports.ts";
import { type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { ProgramOptions } from "./running-program.ts";
import { isAlive } from "./testing.ts";

/** A program that answers with its process id, written for these tests: what it does wrong is in its arguments. */
const source = `
import { createServer } from "node:net";
const [port, mood] = process.argv.slice(2);
if (mood === "stubborn") process.on("SIGTERM", () => {});
if (mood === "failing") { console.error("cannot read the configuration"); process.exit(3); }
const server = createServer((socket) => socket.on("error", () => {}).end("mute" === mood ? "" : process.pid + "\\n"));
if (mood === "going on") setInterval(() => {}, 1000);
server.on("error", (error) => { console.error(error.message); if (mood !== "going on") process.exit(1); });
server.listen(Number(port), "127.0.0.1");
`;

function recipe(mood = "", changes: Partial<ProgramRecipe> = {}): ProgramRecipe {
  return {
    name: "pid-server",
    scheme: "pid",
    prepare: async ({ folder }) => writeFileSync(join(folder, "server.mjs"), source),
    arguments: ({ folder, port }) => [join(folder, "server.mjs"), String(port), mood],
    answers: ({ pid, ...place }) => converse(place, "", [new RegExp(`^${pid}\n`)]),
    portTaken: /EADDRINUSE/,
    startMsMax: 20_000,
    stopMsMax: 2000,
    ...changes,
  };
}

function options(t: TestContext, changes: Partial<ProgramOptions> = {}): ProgramOptions {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-program-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { executable: process.execPath, folder, ...changes };
}

async function start(t: TestContext, kind = recipe(), changes: Partial<ProgramOptions> = {}) {
  const program = await startPrivately(kind, options(t, changes));
  t.after(() => program.stop());
  return program;
}

async function occupy(t: TestContext): Promise<{ server: Server; port: number }> {
  const port = await freePort();
  const server = createServer((socket) => socket.on("error", () => {}).end("1\n"));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { server, port };
}

test("a program answers when its start resolves, and comes back on the same port after a kill", async (t) => {
  const program = await start(t);
  const { url, pid } = program;
  assert.match(url, /^pid:\/\/127\.0\.0\.1:\d+$/);
  await program.kill();
  assert.equal(program.pid, undefined);
  assert.ok(!isAlive(pid!));
  await program.restart();
  assert.equal(program.url, url);
  assert.notEqual(program.pid, pid);
  const place = { port: Number(new URL(url).port), signal: t.signal };
  await converse(place, "", [new RegExp(`^${program.pid}\n`)]);
});

test("restarting a program that runs kills it first", async (t) => {
  const program = await start(t);
  const { pid } = program;
  await program.restart();
  assert.ok(!isAlive(pid!));
  assert.ok(isAlive(program.pid!));
});

test("a death nobody asked for is told, one that was asked for is not", async (t) => {
  const program = await start(t);
  const deaths: string[] = [];
  const { promise: died, resolve } = Promise.withResolvers<void>();
  program.onDeath = (sentence) => {
    deaths.push(sentence);
    resolve();
  };
  await program.kill();
  await program.restart();
  assert.deepEqual(deaths, []);
  process.kill(program.pid!, "SIGKILL");
  await died;
  assert.deepEqual(deaths, ["pid-server ended by SIGKILL"]);
  assert.equal(program.pid, undefined);
  await program.restart();
  assert.ok(isAlive(program.pid!));
});

test("a program that is frozen or ignores SIGTERM is stopped all the same", async (t) => {
  const frozen = await start(t);
  const stubborn = await start(t, recipe("stubborn", { stopMsMax: 50 }));
  const pids = [frozen.pid!, stubborn.pid!];
  frozen.freeze();
  await Promise.all([frozen.stop(), frozen.stop(), stubborn.stop()]);
  assert.deepEqual(pids.map(isAlive), [false, false]);
  await assert.rejects(frozen.restart(), { code: "aborted" });
});

test("stopping ends a restart that is under way", async (t) => {
  const program = await start(t);
  const restarting = assert.rejects(program.restart(), { code: "aborted" });
  await program.stop();
  await restarting;
  assert.equal(program.pid, undefined);
});

test("a program that ends at its start is reported with what it said", async (t) => {
  await assert.rejects(startPrivately(recipe("failing"), options(t)), {
    code: "component-failed",
    message: "pid-server ended with exit code 3; it said:\n    cannot read the configuration",
  });
});

test("an executable that is not there is named as the reason", async (t) => {
  await assert.rejects(startPrivately(recipe(), options(t, { executable: "/nowhere/server" })), {
    code: "component-failed",
    message: "pid-server could not be run: spawn /nowhere/server ENOENT",
  });
});

test("a program that never answers is given up, and nothing is left of it", async (t) => {
  let seen = 0;
  const silent = recipe("mute", {
    startMsMax: 1000,
    answers: async ({ pid }) => {
      seen = pid;
      throw new Error("silent");
    },
  });
  const place = options(t, { temporary: true });
  await assert.rejects(startPrivately(silent, place), {
    code: "component-failed",
    message: "pid-server did not answer in 1 s",
  });
  assert.ok(!isAlive(seen));
  assert.ok(!existsSync(place.folder));
});

test("the caller's signal ends a start", async (t) => {
  const abort = new AbortController();
  const silent = recipe("mute", {
    answers: async () => {
      abort.abort();
      throw new Error("silent");
    },
  });
  const place = options(t, { temporary: true, signal: abort.signal });
  await assert.rejects(startPrivately(silent, place), { code: "aborted" });
  assert.ok(!existsSync(place.folder));
});

test("a port asked for that is taken is an error, though something answers there", async (t) => {
  const { port } = await occupy(t);
  await assert.rejects(startPrivately(recipe(), options(t, { port })), {
    code: "component-failed",
    // It ends by itself, or is ended for what it said, whichever is first.
    message: new RegExp(
      `^port ${port} is taken: pid-server ended (with exit code 1|by SIGKILL); it said:.*EADDRINUSE`,
      "s",
    ),
  });
});

test("a program that goes on without its port is ended as soon as it says so", async (t) => {
  const { port } = await occupy(t);
  await assert.rejects(startPrivately(recipe("going on"), options(t, { port })), {
    code: "component-failed",
    message: new RegExp(`^port ${port} is taken: pid-server ended by SIGKILL; it said:.*EADDRINUSE`, "s"),
  });
});

test("a port nobody asked for that is taken is replaced by another", async (t) => {
  const { port } = await occupy(t);
  const asked: number[] = [];
  const unlucky = recipe("", {
    arguments: ({ folder, port: given }) => {
      asked.push(given);
      return [join(folder, "server.mjs"), String(asked.length === 1 ? port : given)];
    },
  });
  const program = await start(t, unlucky, { temporary: true });
  assert.equal(asked.length, 2);
  assert.equal(program.url, `pid://127.0.0.1:${asked[1]}`);
});

test("a restart waits for its port when a stranger holds it for a moment", async (t) => {
  let stranger: Server | undefined;
  const program = await start(
    t,
    recipe("", {
      answers: async ({ pid, ...place }) => {
        await converse(place, "", [new RegExp(`^${pid}\n`)]).catch((error) => {
          // Something else answered: the stranger is seen, and goes.
          stranger?.close();
          throw error;
        });
      },
    }),
  );
  await program.kill();
  stranger = createServer((socket) => socket.on("error", () => {}).end("1\n"));
  stranger.listen(Number(new URL(program.url).port), "127.0.0.1");
  await once(stranger, "listening");
  await program.restart();
  assert.ok(isAlive(program.pid!));
});

test("a program and its temporary folder are gone when its driver is killed", { timeout: 60_000 }, async (t) => {
  const place = options(t);
  const folder = join(place.folder, "temporary");
  const driver = spawn(process.execPath, ["--input-type=module-typescript", "--eval", driverSource(folder)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => driver.kill("SIGKILL"));
  const [said] = (await once(driver.stdout!, "data")) as [Buffer];
  const pid = Number(said.toString());
  assert.ok(isAlive(pid));
  assert.ok(existsSync(folder));
  const removed = new Promise<void>((resolve) => {
    const watcher = watch(dirname(folder), () => {
      if (existsSync(folder)) return;
      watcher.close();
      resolve();
    });
  });
  driver.kill("SIGKILL");
  await removed;
  // An orphan is gone when whoever inherited it has read its end: there is no event for that.
  t.after(() => isAlive(pid) && process.kill(pid, "SIGKILL"));
  await until(() => !isAlive(pid));
});

/** A driver that starts the program, frozen, which is the hardest to get rid of, and says its process id. */
const driverSource = (folder: string): string => `
import { mkdirSync, writeFileSync } from "node:fs";
import { startPrivately } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "private-program.ts")).href)};
import { converse } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "conversation.ts")).href)};
const folder = ${JSON.stringify(folder)};
mkdirSync(folder);
writeFileSync(folder + "/server.mjs", ${JSON.stringify(source)});
const program = await startPrivately({
  name: "pid-server", scheme: "pid", portTaken: /EADDRINUSE/, startMsMax: 20000, stopMsMax: 1000,
  arguments: ({ port }) => [folder + "/server.mjs", String(port)],
  answers: ({ pid, ...place }) => converse(place, "", [new RegExp("^" + pid)]),
}, { executable: process.execPath, folder, temporary: true });
program.freeze();
console.log(program.pid);
`;
