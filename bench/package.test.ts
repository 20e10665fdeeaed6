/** The published package, from the tarball to a report, in a folder that knows nothing of the checkout. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { resultsSchema } from "../results/contract/results.ts";
import { packageFolder } from "./environment/package-folder.ts";
import { temporaryFolder } from "./running-cli.ts";

const execute = promisify(execFile);

test("installs from its tarball into an empty folder and runs there with npx", async () => {
  using folder = temporaryFolder();
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  const run = (cwd: string, command: string, ...args: string[]) =>
    execute(command, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });

  await run(packageFolder, "npm", "pack", "--pack-destination", folder.path);
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string };
  const home = join(folder.path, "elsewhere");
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), "{}");
  await run(home, "npm", "install", "--no-audit", "--no-fund", join(folder.path, `wirebench-${version}.tgz`));

  const shipped = readdirSync(join(home, "node_modules/wirebench"), { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    shipped.filter((path) => path.endsWith(".d.ts")),
    [],
  );

  const { stdout } = await run(
    home,
    "npx",
    "wirebench",
    "run",
    "tcp",
    "websocket",
    "--preset",
    "quick",
    // Every experiment of the preset, for as short as it can be: how good the numbers are is asked elsewhere.
    "--trials",
    "1",
    "--duration",
    "200ms",
    "--idle-connections",
    "50",
    "--out",
    "out",
  ).catch(
    // A machine too busy for a valid number (exit code 4) says nothing against the package.
    (error: { code: number; stdout: string; stderr: string }) => {
      assert.equal(error.code, 4, error.stderr);
      return error;
    },
  );
  assert.match(stdout, /Report: .*out\/report\.md/);
  const results = resultsSchema.parse(JSON.parse(readFileSync(join(home, "out", "results.json"), "utf8")));
  assert.deepEqual(new Set(results.cells.map(({ state }) => state)), new Set(["measured"]));
  assert.equal(results.tool.version, version);
  assert.equal(results.tool.commit, null);

  const schema = readFileSync(join(home, "node_modules/wirebench/dist/results.schema.json"), "utf8");
  assert.match((JSON.parse(schema) as { $schema: string }).$schema, /json-schema\.org\/draft\/2020-12/);
});
