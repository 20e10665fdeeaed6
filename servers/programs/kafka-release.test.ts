import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fillKafkaCache, findKafkaLibraries, kafkaCacheFolder, kafkaReleaseVersion } from "./kafka-release.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "wirebench-kafka-release-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A release as it is unpacked; returns its home. */
function release(home: string, version: string): string {
  for (const part of ["libs", "bin"]) mkdirSync(join(home, part), { recursive: true });
  writeFileSync(join(home, "libs", `kafka_2.13-${version}.jar`), "");
  writeFileSync(join(home, "libs", `kafka-clients-${version}.jar`), "");
  writeFileSync(join(home, "bin/kafka-server-start.sh"), "");
  return home;
}

test("Kafka is looked for at KAFKA_HOME, then beside its start script, then in the cache", (t) => {
  const root = folder(t);
  const home = release(join(root, "home"), "4.0.0");
  const onPath = release(join(root, "path"), "4.1.0");
  mkdirSync(join(root, "links"));
  symlinkSync(join(onPath, "bin/kafka-server-start.sh"), join(root, "links/kafka-server-start"));
  const environment = { KAFKA_HOME: home, XDG_CACHE_HOME: join(root, "cache") };
  const cached = release(kafkaCacheFolder(environment), "4.1.2");
  const jars = join(cached, "libs/kafka_2.13-4.1.2.jar");
  symlinkSync(jars, join(cached, "kafka_2.13-4.1.2.jar"));

  const path = `:${join(root, "nowhere")}:${join(root, "links")}`;
  assert.equal(findKafkaLibraries(environment, path), join(home, "libs"));
  assert.equal(findKafkaLibraries({ ...environment, KAFKA_HOME: "" }, path), join(onPath, "libs"));
  assert.equal(findKafkaLibraries({ ...environment, KAFKA_HOME: join(root, "links") }, ""), cached);
  assert.equal(findKafkaLibraries({ XDG_CACHE_HOME: root }, ""), undefined);
});

test("the version of a release is in the name of its broker's jar", (t) => {
  const home = release(folder(t), "4.1.2");
  assert.equal(kafkaReleaseVersion(join(home, "libs")), "4.1.2");
  assert.equal(kafkaReleaseVersion(join(home, "bin")), undefined);
  assert.equal(kafkaReleaseVersion(join(home, "nowhere")), undefined);
});

test("the cache has all jars or none", (t) => {
  const environment = { XDG_CACHE_HOME: folder(t) };
  const around = join(environment.XDG_CACHE_HOME, "wirebench");
  const failing = (path: string): void => {
    writeFileSync(join(path, "kafka_2.13-1.jar"), "");
    throw new Error("cut off");
  };
  assert.throws(() => fillKafkaCache(failing, environment), { message: "cut off" });
  assert.deepEqual(readdirSync(around), []);
  assert.throws(() => fillKafkaCache(() => {}, environment), { message: /no Kafka broker/ });
  assert.deepEqual(readdirSync(around), []);

  const fill = (path: string): void => writeFileSync(join(path, "kafka_2.13-1.jar"), "");
  const cache = fillKafkaCache(fill, environment);
  assert.equal(kafkaReleaseVersion(cache), "1");
  assert.equal(fillKafkaCache(fill, environment), cache);
  assert.equal(readdirSync(around).length, 1);
});
