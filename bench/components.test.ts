import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { type Component, findProgram, programVersion } from "./components.ts";

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
