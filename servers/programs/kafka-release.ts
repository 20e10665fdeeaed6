/** Where Kafka is: it is no program but a folder of jars, which Java runs. */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** The release `npm run setup` brings; the brokers' tests pass with it. */
export const kafkaVersion = "4.1.2";

type Environment = Readonly<Record<string, string | undefined>>;

/** The user's cache of what `npm run setup` resolved (XDG Base Directory Specification). */
export function kafkaCacheFolder(environment: Environment = process.env): string {
  const cache = environment.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "wirebench", `kafka-${kafkaVersion}`);
}

/** The folder of jars: of `KAFKA_HOME`, beside a start script on the path, or in the cache; undefined: none is here. */
export function findKafkaLibraries(environment: Environment, path: string): string | undefined {
  const home = environment.KAFKA_HOME;
  const scripts = path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => [join(folder, "kafka-server-start"), join(folder, "kafka-server-start.sh")])
    .flatMap(realPath);
  const candidates = [
    ...(home ? [join(home, "libs")] : []),
    // A release has bin and libs side by side; Homebrew keeps it all in libexec.
    ...scripts.map(dirname).flatMap((bin) => [join(bin, "../libs"), join(bin, "../libexec/libs")]),
    kafkaCacheFolder(environment),
  ];
  return candidates.find((folder) => kafkaReleaseVersion(folder) !== undefined);
}

/** Version of the broker whose jar is in a folder; undefined: there is none. */
export function kafkaReleaseVersion(libraries: string): string | undefined {
  const names = namesIn(libraries);
  return names.map((name) => /^kafka_2\.\d+-(\d[\w.]*)\.jar$/.exec(name)?.[1]).find((version) => version !== undefined);
}

/** Puts jars that `resolve` writes into a folder into the cache: all of them or, when it throws, none. */
export function fillKafkaCache(resolve: (folder: string) => void, environment: Environment = process.env): string {
  const cache = kafkaCacheFolder(environment);
  mkdirSync(dirname(cache), { recursive: true });
  const incomplete = mkdtempSync(`${cache}-incomplete-`);
  try {
    resolve(incomplete);
    if (kafkaReleaseVersion(incomplete) === undefined) throw new Error("there is no Kafka broker among the jars");
    // What is there without a broker's jar was never complete; another setup may have been faster.
    if (kafkaReleaseVersion(cache) === undefined) {
      rmSync(cache, { recursive: true, force: true });
      renameSync(incomplete, cache);
    }
  } finally {
    rmSync(incomplete, { recursive: true, force: true });
  }
  return cache;
}

function realPath(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
