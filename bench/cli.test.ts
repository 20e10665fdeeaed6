import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { madeUpResults, sixTargets } from "../reports/testing.ts";
import type { Results } from "../results/contract/results.ts";
import { experiments } from "./experiments/experiments.ts";
import { RunningCli, temporaryFolder } from "./running-cli.ts";
import { protocolNames } from "./targets/protocols.ts";

const short = ["--trials", "1", "--duration", "300ms", "--warmup", "50ms"];
const fewIdle = ["--idle-connections", "20"];

async function ends(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cli = new RunningCli(args);
  const code = await cli.exitCode();
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}

const mistakes: [string[], RegExp][] = [
  [["run", "carrier-pigeon"], /unknown protocol "carrier-pigeon": expected one of tcp/],
  [["run", "tcp", "tcp"], /target tcp is given twice/],
  [["run", "--scenario", "nap"], /unknown experiment "nap": expected one of echo/],
  [["run", "--preset", "huge"], /unknown preset "huge": expected one of quick, standard, full/],
  [["run", "--preset", "quik"], /did you mean "quick"\?/],
  [["run", "--scenario", "thruput"], /did you mean "throughput"\?/],
  [["cluster", "--policy", "leastcon"], /did you mean "leastconn"\?/],
  [["cluster", "--broker", "reddis"], /did you mean "redis"\?/],
  [["run", "--frobnicate"], /unknown option '--frobnicate'/],
  [["run", "--trails", "3"], /unknown option '--trails'\n\(Did you mean --trials\?\)/],
  [["run", "--duration", "5"], /--duration.*expected a duration with its unit, e.g. 250ms, 10s or 2m, got "5"/],
  [["run", "--payload", "1XB"], /--payload.*expected a whole number of bytes with its unit/],
  [["run", "--payload", "8B"], /at least 40B/],
  [["run", "--rate", "0"], /--rate.*expected a rate/],
  [["run", "--connections", "many"], /--connections.*expected a whole number of at least 1, got "many"/],
  [["run", "tcp", "--scenario", "throughput", "--rate", "10"], /--rate has no effect on throughput/],
  [["run", "tcp", "--scenario", "echo", "--in-flight", "2"], /--in-flight has no effect on echo/],
  [["run", "tcp", "--poll-interval", "1s"], /none of the targets polls/],
  [["run", "tcp", "--scenario", "throughput", "--arrivals", "poisson"], /--arrivals has no effect on throughput/],
  [["run", "tcp", "--scenario", "echo", "--idle-connections", "9"], /--idle-connections has no effect on echo/],
  [["run", "tcp", "--scenario", "idle", "--connections", "9"], /--connections has no effect on idle/],
  [["run", "tcp", "--scenario", "idle", "--rate", "9"], /--rate has no effect on idle/],
  [["run", "tcp", "--idle-connections", "4"], /from 5 to 10000 idle connections, got 4/],
  [["run", "tcp", "--slo", "p99=1ms"], /--slo needs --find-capacity/],
  [["run", "tcp", "--find-capacity", "--slo", "fast"], /--slo.*an objective like p99=50ms/],
  [["run", "tcp", "--find-capacity", "--rate", "10"], /--rate contradicts --find-capacity/],
  [["run", "tcp", "--find-capacity", "--trials", "2"], /--trials contradicts --find-capacity/],
  [["run", "tcp", "--find-capacity", "--until-precision", "5%"], /--until-precision contradicts --find-capacity/],
  [["run", "tcp", "--find-capacity", "--scenario", "duplex"], /searches on echo only, not on duplex/],
  [["run", "tcp", "--until-precision", "5"], /--until-precision.*a percentage above 0/],
  [["run", "tcp", "--max-trials", "5"], /--max-trials needs --until-precision/],
  [["run", "tcp", "--connections", "2", "--workers", "3"], /3 workers cannot share 2 connections/],
  [["run", "tcp", "--out", "package.json"], /cannot write to the output folder/],
  [["serve"], /missing required argument 'target'/],
  [["serve", "tcp=tcp://127.0.0.1:1/"], /expected a protocol/],
  [["serve", "tcp", "--port", "70000"], /a port from 0 to 65535/],
  [["report", "package.json"], /not a results file: expected schemaVersion 2/],
  [["report", "missing.json"], /no such file: missing\.json/],
  [["compare", "missing.json", "missing.json"], /no such file: missing\.json/],
  [["compare", "a.json"], /missing required argument 'B.json'/],
  [
    ["compare", "a.json", "b.json", "--threshold", "0.05"],
    /--threshold.*expected a share in percent, e.g. 5%, got "0.05"/,
  ],
  [["compare", "a.json", "b.json", "--json", "--markdown"], /cannot be used with option '--markdown'/],
  [["dance"], /unknown command 'dance'/],
];

for (const [args, message] of mistakes) {
  test(`wirebench ${args.join(" ")} ends with exit code 2 and says what is wrong`, async () => {
    const { code, stdout, stderr } = await ends(args);
    assert.match(stderr, message);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^wirebench: /);
    assert.doesNotMatch(stderr, /^error:/m);
  });
}

test("says what a short name is taken for, and goes on with the name", async () => {
  const { code, stderr } = await ends(["run", "polling", "tcp", "tcp"]);
  assert.equal(code, 2);
  assert.match(stderr, /^polling is taken for short-polling\nwirebench: target tcp is given twice/);
});

for (const args of [["list"], ["report", "reports/sample/results.json", "--out", "OUT"]]) {
  test(`a reader of ${args[0]} that has seen enough causes no error`, async () => {
    using folder = temporaryFolder();
    const cli = new RunningCli(args.map((arg) => (arg === "OUT" ? folder.path : arg)));
    cli.process.stdout!.destroy();
    assert.equal(await cli.exitCode(), 0);
    assert.equal(cli.stderr, "");
  });
}

test("help shows every command, and each command's help shows an example", async () => {
  const { code, stdout } = await ends(["--help"]);
  assert.equal(code, 0);
  for (const command of ["run", "verify", "serve", "report", "compare", "list"])
    assert.match(stdout, new RegExp(`^  ${command} `, "m"));
  for (const command of ["run", "verify", "serve", "report", "compare"])
    assert.match((await ends([command, "--help"])).stdout, /Examples?:/);
});

test("list names every protocol and experiment, for people and as JSON", async () => {
  const { stdout } = await ends(["list"]);
  for (const name of [...protocolNames, ...experiments.map((experiment) => experiment.name)]) {
    assert.match(stdout, new RegExp(`^  ${name} `, "m"));
  }
  const inventory = JSON.parse((await ends(["list", "--json"])).stdout) as { protocols: { name: string }[] };
  assert.deepEqual(
    inventory.protocols.map(({ name }) => name),
    protocolNames,
  );
});

test("run measures every scenario, writes what it says, and report renders the same again", async () => {
  using folder = temporaryFolder();
  const { code, stdout, stderr } = await ends(["run", "tcp", "websocket", ...short, ...fewIdle, "--out", folder.path]);
  assert.match(stdout, new RegExp(`Report: ${folder.path}/report.md`));
  assert.match(stderr, /\[1\/8\] {2}6 cells {2}trial 1 {2}\d+:\d\d left/);
  const { cells, comparisons, interrupted } = folder.results();
  assert.equal(cells.length, 8);
  for (const cell of cells) {
    assert.equal(cell.state, "measured");
    if (cell.state !== "measured") continue;
    if (cell.scenario === "idle") assert.ok(cell.summary.memoryBytesPerConnection !== undefined);
    else assert.equal(cell.summary.lostMessages?.value, 0);
  }
  assert.ok([0, 4].includes(code ?? -1), `exit code ${code}: ${stderr}`);
  assert.ok(comparisons.every(({ reference, target }) => reference === "tcp" && target === "websocket"));
  assert.equal(interrupted, false);

  const rendered = readFileSync(join(folder.path, "report.md"), "utf8");
  const again = join(folder.path, "again");
  const report = await ends(["report", join(folder.path, "results.json"), "--out", again]);
  assert.equal(report.code, 0);
  assert.equal(readFileSync(join(again, "report.md"), "utf8"), rendered);
});

test("run adds trials until it is precise or has as many as it may, and exports its histograms", async () => {
  using folder = temporaryFolder();
  const trace = join(folder.path, "trace.hlog");
  const unreachable = ["--until-precision", "0.001%", "--max-trials", "4", "--trace", trace];
  await ends(["run", "tcp", "--scenario", "echo", ...short, ...unreachable, "--out", folder.path]);
  const [cell] = folder.results().cells;
  assert.equal(cell?.state === "measured" && cell.trials.length, 4);
  assert.match(readFileSync(trace, "utf8"), /^Tag=tcp\/echo\/echo\/roundTripScheduled,/m);
  await ends(["run", "tcp", "--scenario", "echo", ...short, "--until-precision", "100000%", "--out", folder.path]);
  const [easy] = folder.results().cells;
  assert.ok(easy?.state === "measured" && easy.trials.length <= 3);
});

test("run finds a capacity, says what ended the search, and Ctrl-C ends it with what is known", async () => {
  using folder = temporaryFolder();
  const search = ["run", "tcp", "--find-capacity", "--duration", "100ms", "--warmup", "50ms", "--out", folder.path];
  // An objective no target meets: the search halves its way down to the lowest rate and reports that none held.
  const cli = new RunningCli([...search, "--slo", "p50=0.001ms"]);
  await cli.says(/tcp, capacity +trial 1 +500\/s/);
  cli.process.kill("SIGINT");
  assert.equal(await cli.exitCode(), 130);
  const [cell] = folder.results().cells;
  assert.ok(cell?.state === "measured");
  assert.deepEqual([cell.validity.verdict, cell.summary.capacityRatePerSecond], ["valid", undefined]);
  const probes = cell.trials[0]!.windows;
  assert.ok(probes.length >= 2 && probes.every(({ measures }) => measures.held === 0));
  assert.match(readFileSync(join(folder.path, "report.md"), "utf8"), /### Capacity/);
});

test("report refuses a results file with a part missing and names the part", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "results.json");
  writeFileSync(path, JSON.stringify({ schemaVersion: 2, cells: [{ state: "measured" }] }));
  const { code, stderr } = await ends(["report", path]);
  assert.equal(code, 2);
  assert.match(stderr, /cells/);
  assert.equal(existsSync(join(folder.path, "report.md")), false);
});

test("compare finds nothing against itself, a regression where there is one, and refuses another machine", async () => {
  using folder = temporaryFolder();
  const write = (name: string, results: Results): string => {
    const path = join(folder.path, name);
    writeFileSync(path, JSON.stringify(results));
    return path;
  };
  const targets = sixTargets.slice(0, 2);
  const results = madeUpResults(targets);
  const a = write("a.json", results);
  const slower = write(
    "slower.json",
    madeUpResults(targets.map((made) => ({ ...made, roundTripUs: made.roundTripUs * 2 }))),
  );
  const elsewhere = write("elsewhere.json", {
    ...results,
    environment: { ...results.environment, cores: 2, cpu: "Other" },
  });

  const itself = await ends(["compare", a, a]);
  assert.deepEqual([itself.code, itself.stderr], [0, ""]);
  assert.match(
    itself.stdout,
    /No regression found\. Of \d+ numbers compared: 0 worse, 0 better, \d+ with no change.*\.\n$/,
  );

  const regressed = await ends(["compare", a, slower, "--json"]);
  assert.equal(regressed.code, 5);
  assert.ok(JSON.parse(regressed.stdout).regressions > 0);
  assert.equal((await ends(["compare", a, slower, "--threshold", "150%"])).code, 0);

  const refused = await ends(["compare", a, elsewhere]);
  assert.deepEqual([refused.code, refused.stdout], [2, ""]);
  assert.match(refused.stderr, /not comparable:\n {2}cpu: Example CPU in A, Other in B\n {2}cores: 8 in A, 2 in B\n/);
  const forced = await ends(["compare", a, elsewhere, "--force"]);
  assert.equal(forced.code, 0);
  assert.match(forced.stdout, /^Warning: A and B are not comparable.*\n {2}cpu/);
});

test("run ends with exit code 4 and a sentence where nothing can be measured", async (t) => {
  using folder = temporaryFolder();
  const serving = new RunningCli(["serve", "tcp"]);
  t.after(() => serving.process.kill("SIGKILL"));
  const [target] = await serving.says(/^tcp=\S+/m);
  const { code, stdout } = await ends(["run", target, "--scenario", "duplex", ...short, "--out", folder.path]);
  assert.equal(code, 4);
  const text = stdout.replace(/\s+/g, " ");
  assert.match(text, /^Nothing was measured\. .*duplex\): not run: one-way delays need .* only echoes /);
  assert.doesNotMatch(text, /0 trials/);
});

for (const name of protocolNames) {
  test(`serve ${name} prints a target that run can measure as someone else's server, and ends on Ctrl-C`, async (t) => {
    using folder = temporaryFolder();
    const serving = new RunningCli(["serve", name]);
    t.after(() => serving.process.kill("SIGKILL"));
    const [target] = await serving.says(new RegExp(`^${name}=\\S+`, "m"));
    const { stderr } = await ends(["run", target, ...short, ...fewIdle, "--out", folder.path]);
    const { cells } = folder.results();
    const states = Object.fromEntries(cells.map(({ scenario, state }) => [scenario, state]));
    assert.deepEqual(states, { echo: "measured", throughput: "measured", duplex: "not-run", idle: "measured" }, stderr);
    for (const cell of cells) {
      if (cell.state === "not-run") assert.match(cell.reason, /only echoes|speaks only when it is asked/);
      if (cell.state !== "measured") continue;
      const cost = cell.scenario === "idle" ? "idleCpuUsPerConnectionSecond" : "serverCpuUsPerMessage";
      assert.ok(
        cell.summary[cost] !== undefined,
        `${cell.scenario} without ${cost}: ${JSON.stringify(cell.validity.flags)}`,
      );
    }
    serving.process.kill("SIGINT");
    assert.equal(await serving.exitCode(), 130);
  });
}

test("serve names the certificate of a server that speaks TLS, and takes it away again", async (t) => {
  using folder = temporaryFolder();
  const serving = new RunningCli(["serve", "websocket+tls"]);
  t.after(() => serving.process.kill("SIGKILL"));
  const [target] = await serving.says(/^websocket=wss:\S+/m);
  const [, file] = await serving.says(/NODE_EXTRA_CA_CERTS=(\S+)/);
  const run = (environment: Record<string, string>) =>
    new RunningCli(["run", target, "--scenario", "echo", ...short, "--out", folder.path], environment);
  const stranger = run({});
  assert.equal(await stranger.exitCode(), 3, stranger.stderr);
  assert.match(stranger.stderr, /self-signed certificate/);
  const known = run({ NODE_EXTRA_CA_CERTS: file! });
  await known.exitCode();
  const [cell] = folder.results().cells;
  assert.equal(cell!.state, "measured", known.stderr);
  assert.match(JSON.stringify(cell), /"tls":\["TLSv1\.3 /);
  serving.process.kill("SIGINT");
  assert.equal(await serving.exitCode(), 130);
  assert.equal(existsSync(file!), false);
});
