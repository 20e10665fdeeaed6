/** The launcher of the published package, on a Node.js that is too old. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { packageFolder } from "./environment/package-folder.ts";

const launcher = join(packageFolder, "bench", "wirebench.cjs");

test("says in a sentence which Node.js it needs, and loads nothing else", async () => {
  const code = `Object.defineProperty(process.versions, "node", { value: "18.20.4" }); require(${JSON.stringify(launcher)})`;
  const { exitCode, stderr } = await new Promise<{ exitCode: number | null; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, ["-e", code], (_error, _stdout, said) =>
      resolve({ exitCode: child.exitCode, stderr: said }),
    );
  });
  assert.match(stderr, /^wirebench: expected Node\.js 24 or newer, got 18\.20\.4 \(.*\)\n$/);
  assert.equal(exitCode, 2);
});

/** What the machine itself brings, where that is older than what this project does. */
const older = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  const { status, stdout } = spawnSync(path, ["-p", "process.versions.node.split('.')[0]"], { encoding: "utf8" });
  return status === 0 && Number(stdout) < 24;
});

test("does so on a real one", { skip: older === undefined && "no older Node.js on this machine" }, () => {
  const { status, stderr } = spawnSync(older!, [launcher, "list"], { encoding: "utf8" });
  assert.match(stderr, /^wirebench: expected Node\.js 24 or newer, got \d+\.\d+\.\d+ \(.*\)\n$/);
  assert.equal(status, 2);
});
