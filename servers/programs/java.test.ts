import assert from "node:assert/strict";
import { test } from "node:test";
import { javaMajor } from "./java.ts";

test("Java tells its version in more than one way", () => {
  assert.equal(javaMajor('openjdk version "17.0.15" 2025-04-15'), 17);
  assert.equal(javaMajor('openjdk version "21" 2023-09-19'), 21);
  assert.equal(javaMajor('java version "1.8.0_292"'), 8);
  assert.equal(javaMajor("no java"), undefined);
});
