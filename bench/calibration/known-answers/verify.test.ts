import assert from "node:assert/strict";
import { test } from "node:test";
import { RunningCli } from "../../running-cli.ts";
import { floorName } from "./trials.ts";

test("verify passes the floor and its own harness, and fails nothing on a machine however busy", async () => {
  const parts = ["conformance", "wire-bytes", "known-answers"].flatMap((part) => ["--only", part]);
  const cli = new RunningCli(["verify", floorName, ...parts]);
  const code = await cli.exitCode();
  assert.doesNotMatch(cli.stdout, /\bfailed\b/);
  assert.ok(code === 0 || code === 4, `exit code ${code}: ${cli.stderr}`);
  assert.match(cli.stdout, code === 0 ? /Everything is as expected\.|could not be decided/ : /could not be decided/);
  for (const line of ["connects and stays open", "bytes sent", "closed loop, round trip p99", "downlink, counts"]) {
    assert.ok(cli.stdout.includes(line), `no line about "${line}":\n${cli.stdout}`);
  }
  // What is counted, and what is proved at the wire, no machine leaves open.
  for (const line of cli.stdout.split("\n").filter((text) => /, (counts|bytes|send times) /.test(text))) {
    assert.match(line, /passed\s*$/);
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
