import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { haproxy } from "./haproxy.ts";
import { java, maven } from "./java.ts";
import { kafka } from "./kafka.ts";
import { nats } from "./nats.ts";
import { redis } from "./redis.ts";
import { debianScript, planSetup, programsToSetUp } from "./setup-plan.ts";

const openjdk = "openjdk-17-jre-headless|default-jre-headless";
const fetchKafka = { do: "fetch", fetch: kafka.install.fetch };

test("nothing is done where nothing is missing", () => {
  assert.deepEqual(planSetup({ missing: [], packageManager: "apt", root: "is" }), []);
});

test("on Debian root installs everything that is missing, then Kafka is resolved", () => {
  const [install, ...rest] = planSetup({
    missing: programsToSetUp([haproxy, redis, nats, kafka]),
    packageManager: "apt",
    root: "is",
  });
  assert.ok(install?.do === "run");
  const packages = ["haproxy", "redis-server", "nats-server", openjdk, "maven"];
  assert.deepEqual(install.command, ["sh", "-c", debianScript, "wirebench-setup", ...packages]);
  assert.deepEqual(rest, [fetchKafka]);
});

test("who may use sudo without being asked installs with it", () => {
  const [install] = planSetup({ missing: [redis], packageManager: "apt", root: "by-sudo" });
  assert.ok(install?.do === "run");
  assert.deepEqual(install.command.slice(0, 3), ["sudo", "-n", "sh"]);
});

test("elsewhere the commands are told", () => {
  assert.deepEqual(planSetup({ missing: [nats, java, kafka], packageManager: "apt", root: "no" }), [
    { do: "tell", text: "sudo apt-get install --no-install-recommends nats-server openjdk-17-jre-headless" },
    { do: "tell", text: "then, with java and maven there, for kafka: npm run setup" },
  ]);
  assert.deepEqual(planSetup({ missing: [redis, kafka], packageManager: "brew", root: "no" }), [
    { do: "tell", text: "brew install redis" },
    fetchKafka,
  ]);
  assert.deepEqual(planSetup({ missing: [java, haproxy], packageManager: "none", root: "is" }), [
    { do: "tell", text: "install with the package manager of this system: Java 17 or newer, haproxy" },
  ]);
});

test("Maven is not wanted where Kafka is there", () => {
  assert.deepEqual(planSetup({ missing: [maven], packageManager: "apt", root: "is" }), []);
});

/** Runs the script with programs of that name that write down what they are asked. */
function runScript(t: TestContext, { installs, policy }: { installs: boolean; policy?: string }) {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-setup-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const policyPath = join(folder, "policy-rc.d");
  if (policy !== undefined) writeFileSync(policyPath, policy);
  const journal = join(folder, "journal");
  const fakes = {
    "apt-get": `echo "apt-get $*" >> ${journal}; case "$*" in *install*) tail -1 ${policyPath} >> ${journal}; ${installs};; esac`,
    "apt-cache": "true",
    systemctl: `case "$*" in cat*) [ "$2" = redis-server ];; *) echo "systemctl $*" >> ${journal};; esac`,
  };
  for (const [name, body] of Object.entries(fakes)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  // A folder that is there stands in for the one that tells that systemd runs.
  const script = debianScript.replace("/usr/sbin/policy-rc.d", policyPath).replace("/run/systemd/system", folder);
  const { status } = spawnSync("sh", ["-c", script, "setup", "redis-server", openjdk], {
    env: { PATH: [folder, process.env.PATH].join(delimiter) },
  });
  const lines = readFileSync(journal, "utf8").trim().split("\n");
  return { status, lines, policyLeft: existsSync(policyPath) ? readFileSync(policyPath, "utf8") : undefined };
}

test("the Debian script installs while services may not start, and disables them", (t) => {
  assert.deepEqual(runScript(t, { installs: true }), {
    status: 0,
    lines: [
      "apt-get -q update",
      "apt-get -q install --yes --no-install-recommends redis-server openjdk-17-jre-headless",
      "exit 101",
      "systemctl disable redis-server",
    ],
    policyLeft: undefined,
  });
});

test("the Debian script leaves a policy alone that was there, and takes its own away when it fails", (t) => {
  const kept = runScript(t, { installs: true, policy: "exit 0\n" });
  assert.equal(kept.policyLeft, "exit 0\n");
  const failed = runScript(t, { installs: false });
  assert.notEqual(failed.status, 0);
  assert.equal(failed.policyLeft, undefined);
});
