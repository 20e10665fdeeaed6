/** A real page in a real browser, at every server that a page can reach. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ProgramPool } from "../rigs/program-pool.ts";
import { pageAnswer, pageUrls } from "../rigs/roles/page/page-modules.ts";
import { protocols } from "../targets/protocols.ts";
import { parseTarget } from "../targets/target.ts";
import { hasProgram } from "../testing.ts";
import { browser } from "./browser.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellOf = (target: string) =>
  browser.cells({
    targets: [parseTarget(target)],
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  })[0]!;

const withPage = protocols.flatMap(({ page, server }) => (page === undefined ? [] : [server.traits.name]));

describe("the browser experiment", { timeout: 600_000, concurrency: 2 }, () => {
  // Of those over TLS one: its certificate is the browser's affair, whatever is spoken.
  for (const target of [...withPage, `${withPage[0]}+tls`]) {
    it(`finds that ${target} gives a page what it gives a program`, async (t) => {
      if (!hasProgram(t, "chromium")) return;
      const { measures, predictions } = await measureOnce(browser, { ...cellOf(target), inTurn: 12 }, context);
      // Predicted of a cell with more messages; here they are held against what was sent.
      assert.equal(predictions.length, 4);
      const { pageExactTextEchoes, pageExactBinaryEchoes, programExactTextEchoes, programExactBinaryEchoes } = measures;
      assert.deepEqual(
        [pageExactTextEchoes, pageExactBinaryEchoes, programExactTextEchoes, programExactBinaryEchoes],
        [56, 56, 56, 56],
      );
      assert.ok(measures.pageRoundTripP50Us! > 0 && measures.pageClockStepUs! > 0);
    });
  }

  it("says of every other protocol why no page speaks it", () => {
    for (const { server } of protocols) {
      const reason = browser.unfit!(cellOf(server.traits.name));
      assert.equal(reason === undefined, withPage.includes(server.traits.name), reason);
    }
    assert.match(browser.unfit!(cellOf("tcp"))!, /no TCP socket/);
    assert.match(browser.unfit!(cellOf("sse+h2"))!, /over TLS only/);
  });
});

describe("a page", () => {
  it("lies on the origin of its server", () => {
    const { page, module } = pageUrls("wss://user:secret@127.0.0.1:1/path?to=x");
    assert.equal(page, "https://127.0.0.1:1/wirebench-page/");
    assert.match(module, /^https:\/\/127\.0\.0\.1:1\/wirebench-page\/bench\/rigs\/roles\/page\/page-user\.ts$/);
  });

  it("is served modules of this project and nothing else", () => {
    const { page, module } = pageUrls("ws://127.0.0.1:1/");
    assert.match(pageAnswer(page)!.body, /^<!doctype html>/);
    assert.match(pageAnswer(module)!.body, /export async function askForEchoes\(/);
    for (const path of ["package.json", "..%2f..%2fetc/passwd", "nowhere/x.ts"]) {
      assert.equal(pageAnswer(new URL(path, page).href), undefined, path);
    }
  });
});
