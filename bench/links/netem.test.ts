import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { enterNetem, netemDiscipline, runBehind } from "./netem.ts";

test("half of the round trip is each way, and every packet may be lost", () => {
  assert.equal(netemDiscipline({ rttMs: 80, lossShare: 0.01 }).join(" "), "netem delay 40ms loss 1% limit 1000000");
  assert.equal(netemDiscipline({ rttMs: 25 }).join(" "), "netem delay 12.5ms limit 1000000");
});

const mayUnshare = spawnSync("unshare", ["--user", "--map-root-user", "--net", "tc", "qdisc"]).status === 0;

test("a command runs in a network of its own, in which the loopback queues as told", async () => {
  // Containers often may not: then that is what is said.
  if (!mayUnshare) return void (await assert.rejects(runBehind(["pfifo"], ["true"]), { code: "component-missing" }));
  const script = `
    const qdisc = require("node:child_process").execFileSync("tc", ["qdisc", "show", "dev", "lo"], { encoding: "utf8" });
    process.exit(/^qdisc pfifo .* limit 7p/.test(qdisc) ? 42 : 1);`;
  assert.equal(await runBehind(["pfifo", "limit", "7"], [process.execPath, "-e", script]), 42);
  assert.equal(await runBehind(["pfifo"], ["sh", "-c", "kill -9 $$"]), 128 + 9, "killed there");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`a ${signal} to the outer process alone ends the command as it sees fit`, { timeout: 60_000 }, async (t) => {
    if (!mayUnshare) return t.skip("no network namespace here");
    const inner = `
      process.on("${signal}", () => process.exit(7));
      setInterval(() => {}, 1e6);
      console.log("ready");`;
    const outer = `
      import { runBehind } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "netem.ts")).href)};
      process.exitCode = await runBehind(["pfifo"], [process.execPath, "-e", ${JSON.stringify(inner)}]);`;
    const driver = spawn(process.execPath, ["--input-type=module-typescript", "--eval", outer], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => driver.kill("SIGKILL"));
    await once(driver.stdout!, "data");
    driver.kill(signal);
    assert.deepEqual(await once(driver, "exit"), [7, null]);
  });
}

test("what the kernel does not have is said in its words, with what there is instead", async () => {
  await assert.rejects(runBehind(["no-such-discipline"], ["true"]), {
    code: "component-missing",
    message: /cannot emulate the link in its kernel: .+/,
    hint: /a relay then delays/,
  });
});

test("a run that is not behind the link it believes in ends", async (t) => {
  process.env.WIREBENCH_NETEM = "1";
  t.after(() => delete process.env.WIREBENCH_NETEM);
  await assert.rejects(enterNetem({ rttMs: 60_000 }), /round trip of 60000 ms, and a TCP handshake takes \d/);
  assert.equal(await enterNetem({ rttMs: 0 }), undefined);
});
