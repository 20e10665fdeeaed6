import assert from "node:assert/strict";
import { test } from "node:test";
import { RunningCli } from "../../running-cli.ts";
import { floorName } from "./trials.ts";

test("verify passes the floor and its own harness, or says that the machine is too noisy to tell", async () => {
  const parts = ["conformance", "wire-bytes", "known-answers"].flatMap((part) => ["--only", part]);
  const cli = new RunningCli(["verify", floorName, ...parts]);
  const code = await cli.exitCode();
  assert.ok(code === 0 || code === 4, `exit code ${code}: ${cli.stderr}`);
  // What is counted has no excuse; how long something took, a busy machine has a say in.
  const counted = cli.stdout.split("\n").filter((line) => /, counts\b|, bytes (sent|received)\b|^failed\b/.test(line));
  assert.ok(counted.length > 0);
  for (const line of counted) assert.doesNotMatch(line, /\bmissed\b|^failed\b/);
  if (code === 0) assert.match(cli.stdout, /Everything is as expected\./);
  for (const line of ["connects and stays open", "bytes sent", "exponential, mean 30 ms, p99", "drops, counts"]) {
    assert.ok(cli.stdout.includes(line), `no line about "${line}":\n${cli.stdout}`);
  }
});

for (const [args, complaint] of [
  [["--only", "everything"], /unknown part "everything": expected one of conformance/],
  [["--through", "short-polling"], /rounds its delays up/],
  [["carrier-pigeon"], /unknown protocol "carrier-pigeon"/],
] as const) {
  test(`verify ${args.join(" ")} ends with exit code 2 and says what is wrong`, async () => {
    const cli = new RunningCli(["verify", ...args]);
    assert.equal(await cli.exitCode(), 2);
    assert.match(cli.stderr, complaint);
  });
}
