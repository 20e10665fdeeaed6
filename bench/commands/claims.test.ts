import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { claims } from "../../results/claims/claims.ts";
import { RunningCli, temporaryFolder } from "../running-cli.ts";

async function ends(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cli = new RunningCli(["claims", ...args]);
  const code = await cli.exitCode();
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}

test("claims --list names every claim and what it needs, and runs nothing", async () => {
  const { code, stdout } = await ends(["--list"]);
  assert.equal(code, 0);
  for (const { id } of claims) assert.match(stdout, new RegExp(`^${id}: `, "m"));
  assert.match(stdout, /^ {4}needs \S/m);
  assert.equal(stdout.match(/about\s+[\d.]+ (s|min)$/gm)?.length, claims.length);
});

test("claims refuses an id that there is not, with the likeliest", async () => {
  const { code, stderr } = await ends(["ws-duplx"]);
  assert.equal(code, 2);
  assert.match(stderr, /unknown claim "ws-duplx": did you mean "ws-duplex"\?/);
});

test("claims goes on where it was interrupted, and measures nothing twice", { timeout: 600_000 }, async () => {
  using folder = temporaryFolder();
  const [asked] = claims.filter(
    ({ needs }) => needs.length > 0 && needs.every(({ experiment }) => experiment === "wire"),
  );
  const { id } = asked!;
  const first = new RunningCli(["claims", id, "--trials", "2", "--out", folder.path]);
  await first.says(/trial 2/);
  first.process.kill("SIGINT");
  assert.equal(await first.exitCode(), 130, first.stderr);
  assert.match(first.stderr, /^1 claim, \d+ cells: about /m);
  assert.ok(first.stdout.includes(`To go on: wirebench claims --continue ${folder.path}`), first.stdout);
  const before = folder.results();
  assert.deepEqual([before.interrupted, before.claimsAsked], [true, [id]]);

  const other = await ends(["--continue", folder.path, "--seed", "2"]);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /its seed is 1, this one's 2/);

  const { code, stdout, stderr } = await ends(["--continue", folder.path, "--trials", "2"]);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    new RegExp(`^${id}: .*\\n(?:.*\\n)*?  verdict +(holds|does not hold)`, "m"),
    "in detail, as asked",
  );
  const results = folder.results();
  assert.deepEqual([results.interrupted, results.command], [false, before.command]);
  assert.equal(results.continues?.length, 1);
  for (const [index, cell] of results.cells.entries()) {
    const earlier = before.cells[index]!;
    assert.ok(cell.state === "measured" && earlier.state === "measured");
    assert.deepEqual(cell.trials[0], earlier.trials[0]);
    assert.deepEqual(
      cell.trials.map(({ trial }) => trial),
      [1, 2],
    );
  }
  const report = readFileSync(join(folder.path, "report.md"), "utf8");
  assert.match(report, new RegExp(`^- \\*\\*${id}\\*\\* .*\`wirebench claims ${id}\``, "m"));
});
