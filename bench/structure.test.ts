/** Keeps the architecture true: what may import what, and that a protocol is its two files and one registry line. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { packageFolder } from "./package-folder.ts";
import { protocolNames, protocols } from "./protocols.ts";

const folders = ["bench", "servers", "clients", "reports"];
const files = folders
  .flatMap((folder) =>
    readdirSync(join(packageFolder, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  )
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts") && !path.startsWith(join("reports", "out")));
const forTests = /\.test\.ts$|(^|\/)testing\.ts$|^bench\/(running-cli|flows\/manual-timeline)\.ts$/;
const shipped = files.filter((path) => !forTests.test(path));

const source = (path: string): string => readFileSync(join(packageFolder, path), "utf8");

/** Project files a file imports, statically, dynamically or for types, relative to the package folder. */
const importsOf = (path: string): string[] =>
  [...source(path).matchAll(/(?:from|import\()\s*"(\.{1,2}\/[^"]+)"/g)].map(([, target]) =>
    relative(packageFolder, resolve(packageFolder, dirname(path), target!)),
  );

/** What plug-ins stand on: types, clock, errors, formats both ends share, recording. */
const ground = [/^bench\/(protocol|clock|errors|message|sibling-module)\.ts$/, /^bench\/wires\//, /^bench\/flows\//];

/** From a kind of file to everything of the project it may import. The first rule that matches a file applies. */
const layers: { files: RegExp; mayImport: RegExp[] }[] = [
  { files: /^bench\/(clock|errors|random|sibling-module)\.ts$/, mayImport: [] },
  { files: /^bench\/protocol\.ts$/, mayImport: [] },
  { files: /^bench\/wires\//, mayImport: [/^bench\/wires\//, /^bench\/(protocol|errors)\.ts$/] },
  { files: /^bench\/message\.ts$/, mayImport: [/^bench\/(protocol|random)\.ts$/, /^bench\/wires\//] },
  {
    files: /^bench\/flows\//,
    mayImport: [/^bench\/flows\//, /^bench\/(clock|message|random|sibling-module)\.ts$/, /^reports\/results\.ts$/],
  },
  { files: /^servers\//, mayImport: [/^servers\//, ...ground] },
  { files: /^clients\//, mayImport: [/^clients\//, ...ground] },
  { files: /^reports\//, mayImport: [/^reports\//] },
  {
    files: /^bench\/scenarios?(\/|\.ts|s\.ts)/,
    mayImport: [/^bench\/scenario/, /^bench\/(errors|flows\/window)\.ts$/, /^reports\/results\.ts$/],
  },
  { files: /^bench\/commands\//, mayImport: [/^(bench|servers\/behaviours|reports)\//] },
  { files: /^bench\/cli\.ts$/, mayImport: [/^bench\//] },
  { files: /^bench\//, mayImport: [/^bench\/(?!commands\/|cli\.ts)/, /^servers\//, /^clients\//, /^reports\//] },
];

for (const path of shipped) {
  test(`${path} imports only what lies below it`, () => {
    const layer = layers.find(({ files: kind }) => kind.test(path));
    assert.ok(layer, "no layer has a place for this file");
    for (const target of importsOf(path)) {
      assert.ok(existsSync(join(packageFolder, target)), `${target} does not exist`);
      assert.ok(
        layer.mayImport.some((allowed) => allowed.test(target)),
        `may not import ${target}`,
      );
    }
  });
}

test("only the registry imports protocol servers and clients", () => {
  const plugIns = new Set(protocolNames.flatMap((name) => [`servers/${name}.ts`, `clients/${name}.ts`]));
  const importers = shipped.filter((path) => importsOf(path).some((target) => plugIns.has(target)));
  assert.deepEqual(importers, ["bench/protocols.ts"]);
});

test("the registry, the server files and the client files name the same protocols", () => {
  const named = (folder: string, exported: RegExp): string[] =>
    readdirSync(join(packageFolder, folder))
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && exported.test(source(join(folder, name))))
      .map((name) => name.slice(0, -3))
      .sort();
  const registered = [...protocolNames].sort();
  assert.deepEqual(named("servers", /export const \w+: ProtocolServer\b/), registered);
  assert.deepEqual(named("clients", /export const \w+: ProtocolClient\b/), registered);
  assert.equal(new Set(registered).size, protocols.length);
});

test("no shared code asks a protocol's name", () => {
  const own = /^(servers|clients)\/|^bench\/(wires\/|protocols\.ts|self\/)/;
  // `websocket` and `sse` appear in help texts as examples; a comparison or a branch would quote the name alone.
  const quoted = new RegExp(`"(?:${protocolNames.join("|")})"`);
  const leaks = shipped.filter((path) => !own.test(path) && quoted.test(source(path)));
  assert.deepEqual(leaks, []);
});

test("every source file is used", () => {
  const entries =
    /^bench\/(cli|setup|processes\/(server|generator|cluster-node|crowd)|flows\/metronome-worker|known-answers\/drip-server|second-opinion\/http-(server|generator)|self\/[\w-]+)\.ts$|^servers\/cluster\/memory-hub\/main\.ts$|^reports\/write-[\w-]+\.ts$/;
  const imported = new Set(files.flatMap(importsOf));
  assert.deepEqual(
    shipped.filter((path) => !entries.test(path) && !imported.has(path)),
    [],
  );
});

test("no file is called after a drawer", () => {
  assert.deepEqual(
    files.filter((path) => /(^|\/)(utils?|helpers?|common|misc)\b/.test(path)),
    [],
  );
});

test("files stay small enough to read in one go", () => {
  const long = shipped
    .map((path) => [path, source(path).split("\n").length] as const)
    .filter(([, lines]) => lines > 350);
  assert.deepEqual(long, []);
});

test("nothing reads another clock or another randomness than ours", () => {
  const banned = /\bDate\.now\(|\bMath\.random\(/;
  assert.deepEqual(
    shipped.filter((path) => banned.test(source(path))),
    [],
  );
});
