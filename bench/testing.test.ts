import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { hasProgram } from "./testing.ts";

test("a test without its program is skipped with the reason, and fails where all are required", (t) => {
  const { PATH, WIREBENCH_REQUIRE } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
    if (WIREBENCH_REQUIRE === undefined) delete process.env.WIREBENCH_REQUIRE;
    else process.env.WIREBENCH_REQUIRE = WIREBENCH_REQUIRE;
  });
  const reasons: (string | undefined)[] = [];
  const context = { skip: (reason?: string) => void reasons.push(reason) } as TestContext;
  process.env.PATH = "";
  delete process.env.WIREBENCH_REQUIRE;
  assert.equal(hasProgram(context, "chromium"), false);
  assert.deepEqual(reasons, ["chromium is not installed: npm run setup"]);
  process.env.WIREBENCH_REQUIRE = "all";
  assert.throws(() => hasProgram(context, "chromium"), { code: "component-missing" });
});
