import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { madeUpResults } from "../../reports/testing.ts";
import { clusterResultsOf } from "../../reports/view/testing.ts";
import type { Results } from "../../results/contract/results.ts";
import { costCell, knownCosts } from "../../results/summary/testing.ts";
import { RunningCli, temporaryFolder } from "../running-cli.ts";
import { hasCosts } from "./plan.ts";
import { newestResults } from "./read-results.ts";

async function ends(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cli = new RunningCli(["plan", ...args]);
  const code = await cli.exitCode();
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}

const asked = ["--users", "1000", "--messages-per-user", "0.1", "--fanout", "20"];

const resultsWith = (over: Partial<Results> = {}): Results => ({
  ...clusterResultsOf([costCell("redis"), costCell("nats", knownCosts, { seed: 2 })]),
  ...over,
});

function write(path: string, content: unknown): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const mistakes: [string[], RegExp][] = [
  [[], /required option '--users <count>' not specified/],
  [["--users", "1.5", ...asked.slice(2)], /--users.*expected a whole number of at least 1, got "1.5"/],
  [["--users", "9", "--messages-per-user", "often", "--fanout", "1"], /--messages-per-user.*expected a rate/],
  [["--users", "9", "--messages-per-user", "1", "--fanout", "0"], /--fanout.*expected a whole number of at least 1/],
  [["--users", "9", "--messages-per-user", "1", "--fanout", "10"], /--fanout 10 contradicts --users 9/],
  [[...asked, "--payload", "256"], /--payload.*expected a whole number of bytes with its unit/],
  [[...asked, "--node-memory", "4"], /--node-memory.*expected a whole number of bytes with its unit/],
  [[...asked, "--cpu-target", "0.6"], /--cpu-target.*expected a percentage above 0, e.g. 5%, got "0.6"/],
  [[...asked, "--cpu-target", "160%"], /--cpu-target.*expected a percentage up to 100%, got "160%"/],
  [[...asked, "--node-cores", "0"], /--node-cores.*expected a whole number of at least 1/],
  [[...asked, "--broker", "memory"], /--broker.*unknown broker "memory": expected one of redis, /],
  [[...asked, "--from", "missing.json"], /no such file: missing\.json/],
  [[...asked, "--from", "package.json"], /package.json is not a results file: expected schemaVersion/],
  [[...asked, "--json", "--markdown"], /cannot be used with option '--markdown'/],
];

for (const [args, message] of mistakes) {
  test(`wirebench plan ${args.join(" ")} ends with exit code 2 and says what is wrong`, async () => {
    const { code, stdout, stderr } = await ends(args);
    assert.match(stderr, message);
    assert.equal(code, 2);
    assert.equal(stdout, "");
  });
}

test("plan shows its options with an example, and stands in the list of commands", async () => {
  const { code, stdout } = await ends(["--help"]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /Example:\n {2}wirebench cluster .*\n {2}wirebench plan --users 1000000 --messages-per-user 0.1/,
  );
  const help = new RunningCli(["--help"]);
  await help.exitCode();
  assert.match(help.stdout, /^ {2}plan /m);
});

test("plan says how many nodes are needed, as text, as markdown and as JSON", async () => {
  using folder = temporaryFolder();
  const path = write(join(folder.path, "results.json"), resultsWith());
  const text = await ends([...asked, "--from", path]);
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^1,000 users × 0\.1 messages\/s × 20 recipients.*\nEnough.*redis with 1 node/s);
  assert.match((await ends([...asked, "--from", path, "--markdown"])).stdout, /^# wirebench: capacity plan/);
  const json = await ends([...asked, "--from", path, "--json", "--broker", "nats", "--node-memory", "100MB"]);
  const plan = JSON.parse(json.stdout) as {
    request: object;
    brokers: { broker: string; nodes: { value: number }; costs: { program: string }[] }[];
  };
  assert.deepEqual(plan.request, {
    users: 1000,
    messagesPerUserPerSecond: 0.1,
    fanout: 20,
    cpuTarget: 0.6,
    nodeMemoryBytes: 100e6,
    memoryTarget: 0.75,
    machineCores: 1,
  });
  const [nats] = plan.brokers;
  // 1,000 × 20 kB ÷ (75 MB − 40 MB): memory for 1,750 connections in each.
  assert.deepEqual([nats!.broker, nats!.nodes.value, nats!.costs.length], ["nats", 1, 3]);
});

test("plan refuses what was not measured: another broker, another payload, results of something else", async () => {
  using folder = temporaryFolder();
  const path = write(join(folder.path, "results.json"), resultsWith());
  const other = await ends([...asked, "--from", path, "--broker", "kafka"]);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /has no usable costs of a cluster with kafka; it has those of redis and nats\n.*`cost`/);

  const large = await ends([...asked, "--from", path, "--payload", "1MiB"]);
  assert.equal(large.code, 2);
  assert.match(large.stderr, /--payload 1,048,576 B was not measured.*are of 256 B.*\n.*--payload 1048576B/);

  const run = await ends([...asked, "--from", write(path, madeUpResults())]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /has no usable costs of a cluster\n.*`cost`/);
});

test("plan refuses costs whose cells failed, and says why", async () => {
  using folder = temporaryFolder();
  const failed = { ...costCell("redis"), state: "failed", reason: "node-1 died" } as const;
  const path = write(join(folder.path, "results.json"), clusterResultsOf([failed]));
  const { code, stderr } = await ends([...asked, "--from", path]);
  assert.equal(code, 2);
  assert.match(stderr, /redis is left out: it failed: node-1 died/);
});

test("the results taken by themselves are those with costs that started last", () => {
  const newestWithCosts = (path: string) => newestResults(path, hasCosts);
  using folder = temporaryFolder();
  const place = (name: string): string => join(folder.path, name, "results.json");
  assert.equal(newestWithCosts(join(folder.path, "nowhere")), undefined);
  assert.equal(newestWithCosts(folder.path), undefined);
  write(place("z"), resultsWith({ startedAt: "2026-01-01T00:00:00.000Z" }));
  const newest = write(place("deep/er"), resultsWith({ startedAt: "2026-03-01T00:00:00.000Z" }));
  write(place("run"), madeUpResults());
  write(place("damaged"), `{"schemaVersion":2,"startedAt":"2027-01-01T00:00:00.000Z"`);
  write(place("empty"), "null");
  assert.equal(newestWithCosts(folder.path)?.path, newest);
});
