import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { test } from "node:test";
import { addressOf, findProgram, type Program, programVersion, requireProgram, startProgram } from "./program.ts";

const program: Program = {
  name: "thing",
  role: "test",
  used: true,
  find: ["thing-server", "thing"],
  version: ["--version"],
  install: { how: "get thing" },
};

test("finds a program on the path, prefers the first name, and reads its version", () => {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-path-"));
  try {
    assert.equal(findProgram(program, folder), undefined);
    writeFileSync(join(folder, "thing-server"), "not executable");
    writeFileSync(join(folder, "thing"), "#!/bin/sh\necho thing version 1.22.3-x\n");
    chmodSync(join(folder, "thing"), 0o755);
    const found = findProgram(program, ["/nowhere", folder].join(delimiter));
    assert.equal(found, join(folder, "thing"));
    assert.equal(programVersion(program, found), "1.22.3-x");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("says that a version is unknown when the program does not tell", () => {
  assert.equal(programVersion({ ...program, version: [] }, "/bin/false"), "version unknown");
});

test("an address in the environment is used unless it is empty", () => {
  const redis = { ...program, address: { variable: "REDIS_URL", scheme: "redis" } };
  assert.equal(addressOf(redis, { REDIS_URL: "redis://there:6379" }), "redis://there:6379");
  assert.equal(addressOf(redis, { REDIS_URL: " " }), undefined);
  assert.equal(addressOf(redis, {}), undefined);
  assert.equal(addressOf(program, { REDIS_URL: "redis://there:6379" }), undefined);
});

test("a program that is missing is an error that says how to get it", () => {
  const missing = { ...program, find: ["no-such-server"] };
  assert.throws(() => requireProgram(missing), {
    code: "component-missing",
    message: "thing is not on this machine",
    hint: "install it: get thing",
  });
});

test("folders of servers are searched that are in the path of root only", (t) => {
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = "";
  const shells = ["/usr/sbin/nologin", "/usr/sbin/chroot", "/usr/sbin/sshd"].filter((path) => existsSync(path));
  for (const path of shells) assert.equal(findProgram({ ...program, find: [basename(path)] }), path);
  assert.equal(findProgram({ ...program, find: ["true"] }), undefined);
});

test("a program without one it needs counts as missing, and is told how to get", () => {
  const needy = { ...program, find: () => "/somewhere", needs: [{ ...program, find: ["no-such-server"] }] };
  assert.equal(findProgram(needy), undefined);
  assert.equal(findProgram({ ...needy, needs: [] }), "/somewhere");
  assert.throws(() => requireProgram(needy), { code: "component-missing", hint: "install it: get thing" });
});

test("a program without a start of its own is refused", async () => {
  await assert.rejects(startProgram(program), { message: "thing is not started by itself" });
});
