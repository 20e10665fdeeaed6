import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { java as javaProgram } from "../servers/programs/java.ts";
import { locate } from "./setup.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "wirebench-setup-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function program(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

test("a Java that is too old for Kafka counts as missing", (t) => {
  const { JAVA_HOME } = process.env;
  t.after(() => {
    if (JAVA_HOME === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = JAVA_HOME;
  });
  const home = folder(t);
  mkdirSync(join(home, "bin"));
  process.env.JAVA_HOME = home;
  const java = join(home, "bin/java");
  program(java, `echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
  assert.equal(locate(javaProgram), undefined);
  program(java, `echo 'openjdk version "21.0.1" 2023-10-17' >&2`);
  assert.equal(locate(javaProgram), `21 at ${java}`);
});

test("the setup says what is missing and what to do, and ends with 1, where it can install nothing", (t) => {
  const path = folder(t);
  program(join(path, "redis-server"), "echo 7.2.4");
  program(join(path, "mvn"), "exit 1");
  const { stdout, status } = spawnSync(process.execPath, [join(import.meta.dirname, "setup.ts")], {
    encoding: "utf8",
    env: { PATH: path, XDG_CACHE_HOME: path },
  });
  assert.match(stdout, /^to do by you: install with the package manager of this system: .*Java 17 or newer/m);
  assert.match(stdout, new RegExp(`^redis +was there: 7\\.2\\.4 at ${join(path, "redis-server")}$`, "m"));
  assert.match(stdout, /^java +missing$/m);
  assert.match(stdout, /^kafka +missing$/m);
  assert.equal(status, 1);
});

test("the setup ends with 1 when Maven cannot resolve Kafka, and keeps nothing of it", (t) => {
  const path = folder(t);
  program(join(path, "java"), `echo 'openjdk version "17.0.1" 2021-10-19' >&2`);
  program(join(path, "mvn"), "exit 4");
  const { stdout, status } = spawnSync(process.execPath, [join(import.meta.dirname, "setup.ts")], {
    encoding: "utf8",
    env: { PATH: path, XDG_CACHE_HOME: path },
  });
  assert.match(stdout, /^that failed: .*mvn ended with exit code 4$/m);
  assert.match(stdout, /^kafka +missing$/m);
  assert.equal(status, 1);
});
