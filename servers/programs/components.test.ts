import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { test } from "node:test";
import { addressOf, type Component, components, findProgram, programVersion, requireProgram } from "./components.ts";

const component: Component = {
  name: "thing",
  role: "test",
  programs: ["thing-server", "thing"],
  versionArguments: ["--version"],
  install: "",
};

test("finds a program on the path, prefers the first name, and reads its version", () => {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-path-"));
  try {
    assert.equal(findProgram(component, folder), undefined);
    writeFileSync(join(folder, "thing-server"), "not executable");
    writeFileSync(join(folder, "thing"), "#!/bin/sh\necho thing version 1.22.3-x\n");
    chmodSync(join(folder, "thing"), 0o755);
    const found = findProgram(component, ["/nowhere", folder].join(delimiter));
    assert.equal(found, join(folder, "thing"));
    assert.equal(programVersion(found, component), "1.22.3-x");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("says that a version is unknown when the program does not tell", () => {
  assert.equal(programVersion("/bin/false", { ...component, versionArguments: [] }), "version unknown");
});

test("an address in the environment is used unless it is empty", () => {
  const redis = { ...component, addressVariable: "REDIS_URL" };
  assert.equal(addressOf(redis, { REDIS_URL: "redis://there:6379" }), "redis://there:6379");
  assert.equal(addressOf(redis, { REDIS_URL: " " }), undefined);
  assert.equal(addressOf(redis, {}), undefined);
  assert.equal(addressOf(component, { REDIS_URL: "redis://there:6379" }), undefined);
});

test("a component that is missing is an error that says how to get it", () => {
  const missing = { ...component, programs: ["no-such-server"], install: "get thing" };
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
  for (const path of shells) assert.equal(findProgram({ ...component, programs: [basename(path)] }), path);
  assert.equal(findProgram({ ...component, programs: ["true"] }), undefined);
});

test("every component has a name of its own and says how to get it", () => {
  assert.equal(new Set(components.map(({ name }) => name)).size, components.length);
  for (const { install } of components) assert.notEqual(install, "");
});
