import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { requireLibraries } from "./environment.ts";
import { packageFolder } from "./package-folder.ts";

test("says what to install where a library that is optional to install is not there", () => {
  requireLibraries("redis", ["@redis/client"]);
  assert.throws(() => requireLibraries("pigeons", ["@redis/client", "@wirebench/carrier-pigeon"]), {
    code: "component-missing",
    message: "pigeons needs @wirebench/carrier-pigeon, optional to install",
    hint: "npm install @wirebench/carrier-pigeon",
  });
});

/** What a file imports while it is loaded: neither types nor `import()`. */
function loadedBy(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/^(?:import (?!type )[^;]*?|\} |export [^;]*?)from "([^"]+)";$/gm)].map(([, from]) => from!);
}

test("no library that is optional to install is loaded before it is needed", () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const optional = Object.keys(optionalDependencies);
  const processes = join(packageFolder, "bench/rigs/processes");
  const entries = readdirSync(processes).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const seen = new Set([join(packageFolder, "bench/cli.ts"), ...entries.map((name) => join(processes, name))]);
  const found: string[] = [];
  for (const path of seen) {
    for (const from of loadedBy(path)) {
      if (from.startsWith(".")) seen.add(join(dirname(path), from));
      else if (optional.some((name) => from === name || from.startsWith(`${name}/`))) found.push(`${path}: ${from}`);
    }
  }
  assert.ok(seen.size > 100, "the command line loads more than that");
  assert.ok(optional.length > 0);
  assert.deepEqual(found, []);
});
