import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { defaultOutputFolder, OutputFolder } from "./output.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wirebench-output-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

test("creates the folder with its parents and leaves nothing but what is written", () => {
  const output = new OutputFolder(join(folder, "a", "b"));
  output.write("report.md", "text");
  assert.deepEqual(readdirSync(output.path), ["report.md"]);
});

test("replaces a file as a whole", () => {
  const output = new OutputFolder(folder);
  output.write("results.json", "old");
  output.write("results.json", "new");
  assert.equal(readFileSync(join(folder, "results.json"), "utf8"), "new");
});

test("refuses a path that is a file, before anything is measured", () => {
  const file = join(folder, "file");
  writeFileSync(file, "kept");
  assert.throws(() => new OutputFolder(file), { code: "usage", message: /cannot write to the output folder/ });
  assert.equal(readFileSync(file, "utf8"), "kept");
});

test("refuses a place where no folder can be made", { skip: !existsSync("/proc/self") && "needs /proc" }, () => {
  assert.throws(() => new OutputFolder("/proc/nowhere/out"), { code: "usage", message: /cannot write/ });
});

test("keeps the earlier version when the disk takes no more", {
  skip: !existsSync("/dev/full") && "needs /dev/full",
}, () => {
  const output = new OutputFolder(folder);
  output.write("results.json", "whole");
  // The file that is written first, before it takes the place of the old one, lands on a device that is always full.
  symlinkSync("/dev/full", join(folder, "results.json.partial"));
  assert.throws(() => output.write("results.json", "new"), { code: "output-unwritable", message: /ENOSPC|no space/ });
  assert.equal(readFileSync(join(folder, "results.json"), "utf8"), "whole");
});

test("names the default folder after the time, so that runs do not overwrite each other", () => {
  assert.equal(
    defaultOutputFolder(new Date("2026-11-22T18:30:05.123Z")),
    join("reports", "out", "2026-11-22T18-30-05"),
  );
});
