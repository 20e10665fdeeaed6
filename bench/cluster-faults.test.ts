/** What can go wrong while a cluster runs, done on purpose from outside. Needs /proc to find the processes of a run. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { until } from "../protocol/testing.ts";
import { resultsSchema } from "../results/contract/results.ts";
import { freePort } from "../servers/programs/free-ports.ts";
import { isAlive, RunningCli, temporaryFolder } from "./running-cli.ts";
import { hasProgram } from "./testing.ts";

const timeout = 600_000;

/** A cluster on the command line whose processes can be told from all others, and whose temporary files lie apart. */
function clusterCommand(t: TestContext, args: readonly string[], environment: Record<string, string> = {}) {
  const folder = temporaryFolder();
  t.after(() => folder[Symbol.dispose]());
  const temporary = join(folder.path, "t");
  mkdirSync(temporary);
  const mark = `WIREBENCH_TEST_MARK=${randomUUID()}`;
  const [name, value] = mark.split("=") as [string, string];
  const out = join(folder.path, "out");
  const cli = new RunningCli(["cluster", ...args, "--out", out], { ...environment, TMPDIR: temporary, [name]: value });
  t.after(() => cli.process.kill("SIGKILL"));
  return {
    cli,
    results: () => resultsSchema.parse(JSON.parse(readFileSync(join(out, "results.json"), "utf8"))),
    reportWritten: () => existsSync(join(out, "report.md")),
    async nothingIsLeft() {
      // Whoever ends what a killed driver leaves behind takes a moment for it.
      await until(() => processesWith(mark).length === 0, timeout);
      await until(() => readdirSync(temporary).length === 0, timeout);
    },
    processes: () => processesWith(mark),
  };
}

const processesWith = (mark: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && environmentOf(pid).includes(mark));

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

const haveAll = (t: TestContext): boolean => ["haproxy", "redis"].every((name) => hasProgram(t, name));

/** Enough cells that the first has ended long before the last. */
const manyCells = ["--experiment", "taking-out", "--users", "6"];

test("Ctrl-C writes the cells measured so far and leaves nothing behind", { timeout }, async (t) => {
  if (!haveAll(t)) return;
  const { cli, results, reportWritten, nothingIsLeft } = clusterCommand(t, manyCells);
  await cli.says(/\[2\/4\]/);
  cli.process.kill("SIGINT");
  assert.equal(await cli.exitCode(), 130);
  await nothingIsLeft();
  const { interrupted, cells } = results();
  assert.equal(interrupted, true);
  const states = cells.map(({ state }) => state);
  assert.ok(states.includes("measured"), states.join());
  const { length } = states.filter((state) => state !== "measured");
  assert.ok(length >= 1 && cells.length === 4, states.join());
  assert.ok(reportWritten());
});

test("a driver that is killed takes every process and folder of the cluster with it", { timeout }, async (t) => {
  if (!haveAll(t)) return;
  const { cli, processes, nothingIsLeft } = clusterCommand(t, ["--experiment", "broker-kill", "--broker", "redis"]);
  // HAProxy, Redis, three nodes, the users and what watches over them.
  await until(() => processes().length >= 8, timeout);
  cli.process.kill("SIGKILL");
  await nothingIsLeft();
});

test("a broker that cannot be reached fails its cells by name, and the others go on", { timeout }, async (t) => {
  if (!haveAll(t) || !hasProgram(t, "nats")) return;
  const nowhere = `redis://127.0.0.1:${await freePort()}`;
  const brokers = ["--broker", "redis", "--broker", "nats", "--users", "6", "-d", "300ms"];
  const { cli, results, nothingIsLeft } = clusterCommand(t, ["--experiment", "broadcast", ...brokers], {
    REDIS_URL: nowhere,
  });
  assert.equal(await cli.exitCode(), 1);
  await nothingIsLeft();
  const outcomes = results().cells.map((cell) => [cell.variant, cell.state]);
  assert.deepEqual(outcomes, [
    ["no broker", "measured"],
    ["redis", "failed"],
    ["nats", "measured"],
  ]);
  assert.match(cli.stderr, /failed +websocket, broadcast, redis: .*Redis/);
});

test("a broker that dies in the middle of a cell ends it by its name", { timeout }, async (t) => {
  if (!haveAll(t)) return;
  const args = ["--experiment", "node-kill", "--broker", "redis", "--users", "6"];
  const { cli, results, nothingIsLeft } = clusterCommand(t, args);
  // Nodes have their links to the broker when HAProxy starts.
  await until(() => cli.children("haproxy.cfg").length > 0, timeout);
  for (const pid of cli.children("redis-server")) process.kill(pid, "SIGKILL");
  assert.equal(await cli.exitCode(), 1);
  await nothingIsLeft();
  const [cell] = results().cells;
  assert.equal(cell!.state, "failed");
  assert.match(cell!.state === "failed" ? cell!.reason : "", /^redis-server ended by SIGKILL; it said:\n/);
  assert.match(
    cli.stdout.trimEnd().split("\n").at(-1)!,
    /^Nothing was measured: failed: redis-server ended by SIGKILL/,
  );
});

test("a run that measures nothing says so last, and is no success", { timeout }, async (t) => {
  const nowhere = { PATH: "" };
  const { cli, results } = clusterCommand(t, ["--experiment", "broker-kill", "--broker", "redis"], nowhere);
  assert.equal(await cli.exitCode(), 4);
  assert.ok(results().cells.every(({ state }) => state === "not-run"));
  assert.match(
    cli.stdout.trimEnd().split("\n").at(-1)!,
    /^Nothing was measured: not run: redis is not on this machine/,
  );
});

test("a cluster that stays up serves until Ctrl-C and says what to do with it", { timeout }, async (t) => {
  if (!haveAll(t)) return;
  const { cli, nothingIsLeft } = clusterCommand(t, ["--up", "--nodes", "2", "--broker", "redis"]);
  await cli.says(/Ctrl-C ends it all/);
  const [, ready] = await cli.says(/readiness (http:[^\s,]+)/);
  const status = await new Promise((resolve, reject) => {
    get(ready!, (response) => resolve(response.resume().statusCode)).on("error", reject);
  });
  assert.equal(status, 200);
  assert.match(cli.stdout, /Users connect to {3}ws:\/\/127\.0\.0\.1:\d+\//);
  cli.process.kill("SIGINT");
  await cli.exitCode();
  await nothingIsLeft();
});

for (const [args, says] of [
  [["--experiment", "chaos"], /unknown experiment "chaos": expected one of stickiness/],
  [["--broker", "pulsar"], /unknown broker "pulsar": expected one of .*redis/],
  [["--nodes", "1"], /expected at least 2 nodes, got 1/],
  [["--payload", "39B"], /expected a payload of at least 40B .*, got 39B/],
  [["--protocol", "xmpp"], /expected a protocol that rides on HTTP .*\(websocket, .*\), got "xmpp"/],
] as const) {
  test(`cluster ${args.join(" ")} is refused before anything starts`, { timeout }, async (t) => {
    const { cli } = clusterCommand(t, args);
    assert.equal(await cli.exitCode(), 2);
    assert.match(cli.stderr, says);
  });
}
