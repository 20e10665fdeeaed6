import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { until } from "../../protocol/testing.ts";
import { converse } from "./conversation.ts";
import { type EnsemblePlan, startEnsemble } from "./ensemble.ts";
import { freePorts } from "./free-ports.ts";
import { startPrivately } from "./private-program.ts";
import type { EnsembleMember } from "./running-program.ts";
import { isAlive } from "./testing.ts";

/** A program that answers with its process id, written for these tests. */
const source = `
import { createServer } from "node:net";
const [port, mood] = process.argv.slice(2);
if (mood === "failing") { console.error("cannot read the configuration"); process.exit(3); }
const server = createServer((socket) => socket.on("error", () => {}).end(process.pid + "\\n"));
server.on("error", (error) => { console.error(error.message); process.exit(1); });
server.listen(Number(port), "127.0.0.1");
`;

/** Three of them, of which the last one that runs leads. */
async function plan(changes: Partial<EnsemblePlan> = {}, moods: readonly string[] = []): Promise<EnsemblePlan> {
  const ports = await freePorts(3);
  return {
    name: "pid-server, 3 of them",
    url: `pid://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    members: ports.map((port, index) => ({
      role: index === 0 ? "first" : "other",
      executable: process.execPath,
      port,
      recipe: {
        name: `pid-server ${index + 1}`,
        scheme: "pid",
        prepare: async ({ folder }) => writeFileSync(join(folder, "server.mjs"), source),
        arguments: (place) => [join(place.folder, "server.mjs"), String(place.port), moods[index] ?? ""],
        answers: ({ pid, ...place }) => converse(place, "", [new RegExp(`^${pid}\n`)]),
        portTaken: /EADDRINUSE/,
        startMsMax: 20_000,
        stopMsMax: 2000,
      },
    })),
    settled: async () => {},
    asked: () => true,
    leader: async (_, { url, role }) => {
      if (role === "first") throw new Error("does not know");
      return Number(new URL(url).port);
    },
    whole: async () => {},
    settleMsMax: 20_000,
    ...changes,
  };
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-ensemble-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(t: TestContext, changes: Partial<EnsemblePlan> = {}) {
  const ensemble = await startEnsemble(() => plan(changes), { folder: temporaryFolder(t), temporary: true });
  t.after(() => ensemble.stop());
  return ensemble;
}

const pidsOf = (members: readonly EnsembleMember[]): number[] => members.map(({ pid }) => pid!);

test("an ensemble is killed, restarted and ended as one, on the same ports", async (t) => {
  const folder = temporaryFolder(t);
  const ensemble = await startEnsemble(() => plan(), { folder, temporary: true });
  t.after(() => ensemble.stop());
  const { url, members } = ensemble;
  const urls = members.map((member) => member.url);
  assert.deepEqual(
    members.map(({ name, role }) => `${name}, ${role}`),
    ["pid-server 1, first", "pid-server 2, other", "pid-server 3, other"],
  );
  const before = pidsOf(members);
  await ensemble.kill();
  assert.deepEqual(before.map(isAlive), [false, false, false]);
  assert.equal(ensemble.pid, undefined);
  await ensemble.restart();
  assert.equal(ensemble.url, url);
  assert.deepEqual(
    members.map((member) => member.url),
    urls,
  );
  const after = pidsOf(members);
  assert.deepEqual(after.map(isAlive), [true, true, true]);
  ensemble.freeze();
  await Promise.all([ensemble.stop(), ensemble.stop()]);
  assert.deepEqual(after.map(isAlive), [false, false, false]);
  assert.ok(!existsSync(folder));
});

test("a member is killed without a word, and a death nobody asked for is the ensemble's", async (t) => {
  const ensemble = await start(t);
  const { promise: died, resolve } = Promise.withResolvers<string>();
  ensemble.onDeath = resolve;
  const [first, second] = ensemble.members;
  await first!.kill();
  assert.equal(ensemble.pid, undefined, "not all of it runs");
  assert.equal(await ensemble.whole("topic"), false);
  await first!.restart();
  assert.ok(ensemble.pid !== undefined && isAlive(ensemble.pid));
  assert.equal(await ensemble.whole("topic"), true);
  process.kill(second!.pid!, "SIGKILL");
  assert.equal(await died, "pid-server 2 ended by SIGKILL");
});

test("who leads is asked of one member after the other, of those that run and may know", async (t) => {
  const ensemble = await start(t);
  const [, second, third] = ensemble.members;
  assert.equal(await ensemble.leader("topic"), second);
  await second!.kill();
  assert.equal(await ensemble.leader("topic"), third);
  await third!.kill();
  assert.equal(await ensemble.leader("topic"), undefined);
});

test("a member that does not start takes the others with it", async (t) => {
  const folder = temporaryFolder(t);
  const seen: number[] = [];
  const failing = async (): Promise<EnsemblePlan> => {
    const { members, ...rest } = await plan({}, ["", "failing"]);
    const watched = members.map((member) => ({
      ...member,
      recipe: {
        ...member.recipe,
        answers: (place: Parameters<typeof member.recipe.answers>[0]) => {
          seen.push(place.pid);
          return member.recipe.answers(place);
        },
      },
    }));
    return { ...rest, members: watched };
  };
  await assert.rejects(startEnsemble(failing, { folder, temporary: true }), {
    code: "component-failed",
    message: "pid-server 2 ended with exit code 3; it said:\n    cannot read the configuration",
  });
  assert.ok(seen.length > 0);
  assert.ok(!seen.some(isAlive));
  assert.ok(!existsSync(folder));
});

test("an ensemble that does not come together is given up, and so is one nobody wants any more", async (t) => {
  const folders = [temporaryFolder(t), temporaryFolder(t)];
  const apart: Partial<EnsemblePlan> = {
    settleMsMax: 200,
    settled: async () => {
      throw new Error("no leader");
    },
  };
  await assert.rejects(
    startEnsemble(() => plan(apart), { folder: folders[0]!, temporary: true }),
    {
      code: "component-failed",
      message: "pid-server, 3 of them did not come together in 0.2 s",
    },
  );
  const abort = new AbortController();
  const unwanted: Partial<EnsemblePlan> = {
    settled: async () => {
      abort.abort();
      throw new Error("no leader");
    },
  };
  const options = { folder: folders[1]!, temporary: true, signal: abort.signal };
  await assert.rejects(
    startEnsemble(() => plan(unwanted), options),
    { code: "aborted" },
  );
  assert.deepEqual(folders.map(existsSync), [false, false]);
});

test("a port that is taken makes a new plan", async (t) => {
  const stranger = await startPrivately((await plan()).members[0]!.recipe, {
    folder: temporaryFolder(t),
    executable: process.execPath,
  });
  t.after(() => stranger.stop());
  let plans = 0;
  const ensemble = await startEnsemble(
    async () => {
      const made = await plan();
      if (++plans > 1) return made;
      const [first, ...others] = made.members;
      return { ...made, members: [{ ...first!, port: Number(new URL(stranger.url).port) }, ...others] };
    },
    { folder: temporaryFolder(t), temporary: true },
  );
  t.after(() => ensemble.stop());
  assert.equal(plans, 2);
  assert.deepEqual(pidsOf(ensemble.members).map(isAlive), [true, true, true]);
});

test("an ensemble and its folder are gone when its driver is killed", { timeout: 60_000 }, async (t) => {
  const folder = join(temporaryFolder(t), "temporary");
  const driver = spawn(process.execPath, ["--input-type=module-typescript", "--eval", driverSource(folder)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => driver.kill("SIGKILL"));
  const [said] = (await once(driver.stdout!, "data")) as [Buffer];
  const pids = said.toString().trim().split(" ").map(Number);
  assert.equal(pids.length, 3);
  assert.ok(pids.every(isAlive));
  const removed = new Promise<void>((resolve) => {
    const watcher = watch(dirname(folder), () => {
      if (existsSync(folder)) return;
      watcher.close();
      resolve();
    });
  });
  driver.kill("SIGKILL");
  await removed;
  // Orphans are gone when whoever inherited them has read their end: there is no event for that.
  await until(() => !pids.some(isAlive));
});

const urlOf = (file: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)).href);

/** A driver that starts three members, one of them frozen, and says their process ids. */
const driverSource = (folder: string): string => `
import { mkdirSync, writeFileSync } from "node:fs";
import { startEnsemble } from ${urlOf("ensemble.ts")};
import { converse } from ${urlOf("conversation.ts")};
import { freePorts } from ${urlOf("free-ports.ts")};
const folder = ${JSON.stringify(folder)};
mkdirSync(folder);
const ports = await freePorts(3);
const ensemble = await startEnsemble(async () => ({
  name: "pid-servers", url: "pid://", settled: async () => {}, asked: () => true, leader: async () => 0,
  whole: async () => {}, settleMsMax: 20000,
  members: ports.map((port, index) => ({ role: "any", executable: process.execPath, port, recipe: {
    name: "pid-server", scheme: "pid", portTaken: /EADDRINUSE/, startMsMax: 20000, stopMsMax: 1000,
    prepare: async (place) => writeFileSync(place.folder + "/server.mjs", ${JSON.stringify(source)}),
    arguments: (place) => [place.folder + "/server.mjs", String(port)],
    answers: ({ pid, ...place }) => converse(place, "", [new RegExp("^" + pid)]),
  } })),
}), { folder, temporary: true });
ensemble.members[0].freeze();
console.log(ensemble.members.map(({ pid }) => pid).join(" "));
`;
