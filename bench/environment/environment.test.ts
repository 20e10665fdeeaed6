import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

test("no library that is optional to install is loaded before it is needed", () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const optional = Object.keys(optionalDependencies);
  assert.ok(optional.length > 0);
  const sources = ["bench", "servers"].flatMap((folder) =>
    readdirSync(join(packageFolder, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  );
  const eager = sources
    .filter((path) => /\.ts$/.test(path) && !/\.test\.ts$/.test(path))
    .filter((path) => {
      const text = readFileSync(join(packageFolder, path), "utf8");
      return optional.some((name) => new RegExp(`^(import (?!type )[^;]*|\\} )from "${name}"`, "m").test(text));
    });
  // Each of these is itself loaded by `import()` where a session or a test begins.
  assert.deepEqual(eager.sort(), [
    "bench/conformance/brokers/foreign.ts",
    "servers/cluster/brokers/jetstream-session.ts",
    "servers/cluster/brokers/kafka-client.ts",
    "servers/cluster/brokers/kafka-group.ts",
    "servers/cluster/brokers/kafka-publisher.ts",
  ]);
});
