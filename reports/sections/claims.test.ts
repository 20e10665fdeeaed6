import assert from "node:assert/strict";
import { test } from "node:test";
import { decideClaims } from "../../results/claims/claims.ts";
import type { ReportView } from "../view/view.ts";
import { claimsSection } from "./claims.ts";

test("a claim is told with what the numbers show of its cause, where they do", () => {
  const [first, second] = decideClaims({ cells: [], targets: [] }, ["ws-fastest", "ws-duplex"]);
  const claims = [{ ...first!, cause: "a *request* waits" }, second!];
  const lines = claimsSection({ claims } as unknown as ReportView)!.markdown.split("\n");
  assert.deepEqual(
    lines.filter((line) => line.startsWith("- ")).map((line) => / Why: a \\\*request\\\* waits\. /.test(line)),
    [true, false],
  );
});
