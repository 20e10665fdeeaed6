/** Keeps the architecture true: imports run down the table of folders, no two folders need each other, a protocol is two files and a line. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { test } from "node:test";
import { packageFolder } from "./environment/package-folder.ts";
import { protocolNames, protocols } from "./targets/protocols.ts";

/** From each folder at the top to those it may import besides itself. Estimate it downwards tells the architecture. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  bench: ["reports", "servers", "clients", "load", "results", "protocol"],
  reports: ["results"],
  servers: ["protocol"],
  clients: ["protocol"],
  load: ["protocol"],
  results: ["protocol"],
  protocol: [],
};

const files = Object.keys(mayImport)
  .flatMap((folder) =>
    readdirSync(join(packageFolder, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  )
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts") && !path.startsWith(join("reports", "out")));
const forTests = /\.test\.ts$|(^|\/)testing\.ts$|^bench\/running-cli\.ts$|^load\/pacing\/manual-timeline\.ts$/;
const shipped = files.filter((path) => !forTests.test(path));

const source = (path: string): string => readFileSync(join(packageFolder, path), "utf8");

/** Project files a file imports, statically, dynamically or for types, relative to the package folder. */
const importsOf = (path: string): string[] =>
  [...source(path).matchAll(/(?:from|import\()\s*"(\.{1,2}\/[^"]+)"/g)].map(([, target]) =>
    relative(packageFolder, resolve(packageFolder, dirname(path), target!)),
  );

const topOf = (path: string): string => path.split(sep)[0]!;

for (const path of shipped) {
  test(`${path} imports only what lies below it`, () => {
    const allowed = [topOf(path), ...mayImport[topOf(path)]!];
    for (const target of importsOf(path)) {
      assert.ok(existsSync(join(packageFolder, target)), `${target} does not exist`);
      assert.ok(allowed.includes(topOf(target)), `may not import ${target}`);
    }
  });
}

/** A folder cut off at so many levels; a file higher up stands for its own folder without those below it. */
const folderAt = (path: string, depth: number): string => dirname(path).split(sep).slice(0, depth).join(sep);

/** Folders that need each other, directly or by a detour, as one path from a folder back to itself. */
function cycleAt(depth: number): string[] | undefined {
  const needs = new Map<string, Set<string>>();
  for (const path of shipped) {
    const from = folderAt(path, depth);
    const needed = needs.get(from) ?? new Set<string>();
    needs.set(from, needed);
    for (const target of importsOf(path)) if (folderAt(target, depth) !== from) needed.add(folderAt(target, depth));
  }
  const done = new Set<string>();
  const walk = (folder: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(folder)) return [...trail.slice(trail.indexOf(folder)), folder];
    if (done.has(folder)) return undefined;
    for (const next of needs.get(folder) ?? []) {
      const found = walk(next, [...trail, folder]);
      if (found !== undefined) return found;
    }
    done.add(folder);
    return undefined;
  };
  for (const folder of needs.keys()) {
    const found = walk(folder, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

const deepest = Math.max(...shipped.map((path) => dirname(path).split(sep).length));

for (let depth = 1; depth <= deepest; depth++) {
  test(`no folder needs one that needs it, seen ${depth} levels deep`, () => {
    assert.equal(cycleAt(depth)?.join(" -> "), undefined);
  });
}

test("only the registry imports protocol servers and clients", () => {
  const plugIns = new Set(protocolNames.flatMap((name) => [`servers/${name}.ts`, `clients/${name}.ts`]));
  const importers = shipped.filter((path) => importsOf(path).some((target) => plugIns.has(target)));
  assert.deepEqual(importers, ["bench/targets/protocols.ts"]);
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
  const own =
    /^(servers|clients|protocol\/wires|results\/claims)\/|^bench\/(targets\/protocols\.ts|calibration\/self\/)/;
  // `websocket` and `sse` appear in help texts as examples; a comparison or a branch would quote the name alone.
  const quoted = new RegExp(`"(?:${protocolNames.join("|")})"`);
  // A layer of the wire and a scheme of URLs are called like a protocol.
  const otherwise = /startsWith\("http"\)|"https" : "http"|"tls", "http"|(?:layer: |inLayer\()"http"/g;
  const leaks = shipped.filter((path) => !own.test(path) && quoted.test(source(path).replace(otherwise, "")));
  assert.deepEqual(leaks, []);
});

test("every source file is used", () => {
  const entries =
    /^bench\/(cli|setup|conformance\/brokers\/check|soak\/main|fuzz\/main|rigs\/processes\/(server|generator|actor|cluster-node|user-group|relay)|calibration\/(observer\/relay|second-opinion\/http-(server|generator)|(self|plan)\/[\w-]+))\.ts$|^load\/(pacing\/metronome|behaviours\/burning)-worker\.ts$|^servers\/cluster\/memory-hub\/main\.ts$|^(reports|results)\/write-[\w-]+\.ts$/;
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
