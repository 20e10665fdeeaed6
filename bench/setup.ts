/** `npm run setup`: brings what wirebench works with to this machine, as far as it can, and says what it did. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describeError } from "../protocol/errors.ts";
import {
  componentNamed,
  findExecutable,
  findJava,
  findProgram,
  programVersion,
} from "../servers/programs/components.ts";
import {
  fillKafkaCache,
  findKafkaLibraries,
  kafkaReleaseVersion,
  kafkaVersion,
} from "../servers/programs/kafka-release.ts";
import {
  type Findings,
  javaMajor,
  javaMajorMin,
  type Need,
  needs,
  planSetup,
  type Step,
} from "../servers/programs/setup-plan.ts";
import { packageFolder } from "./environment/package-folder.ts";

/** Where a need is, with its version; undefined while it is missing. */
export function locate(need: Need): string | undefined {
  if (need === "java") return locateJava();
  if (need === "maven") return findExecutable(["mvn"]);
  if (need === "kafka") return locateKafka();
  const component = componentNamed(need);
  const found = findProgram(component);
  return found === undefined ? undefined : `${programVersion(found, component)} at ${found}`;
}

/** Its jars: Java is a need of its own here. */
function locateKafka(): string | undefined {
  const libraries = findKafkaLibraries(process.env, process.env.PATH ?? "");
  return libraries === undefined ? undefined : `${kafkaReleaseVersion(libraries)} at ${libraries}`;
}

function locateJava(): string | undefined {
  const java = findJava();
  if (java === undefined) return undefined;
  const { stdout, stderr } = spawnSync(java, ["-version"], { encoding: "utf8" });
  const major = javaMajor(`${stderr}${stdout}`);
  return major !== undefined && major >= javaMajorMin ? `${major} at ${java}` : undefined;
}

function findings(missing: readonly Need[]): Findings {
  const packageManager =
    findExecutable(["apt-get"]) !== undefined ? "apt" : findExecutable(["brew"]) !== undefined ? "brew" : "none";
  const bySudo = (): boolean => spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0;
  const root = process.getuid?.() === 0 ? "is" : packageManager === "apt" && bySudo() ? "by-sudo" : "no";
  return { missing, packageManager, root };
}

/** Throws when the command fails; what it says goes to the terminal. */
function run([program, ...args]: readonly string[]): void {
  const { status, signal, error } = spawnSync(program!, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${program} ended ${signal === null ? `with exit code ${status}` : `by ${signal}`}`);
}

function resolveKafka(): void {
  const maven = findExecutable(["mvn"]);
  if (maven === undefined) throw new Error("Maven is missing");
  const pom = join(packageFolder, "servers/programs/kafka/pom.xml");
  fillKafkaCache((folder) =>
    run([
      maven,
      ...["--batch-mode", "--quiet", "--file", pom, `-Dkafka.version=${kafkaVersion}`],
      ...["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${folder}`],
    ]),
  );
}

function carryOut(step: Step): void {
  if (step.do === "tell") {
    process.stdout.write(`to do by you: ${step.text}\n`);
    return;
  }
  process.stdout.write(step.do === "run" ? `${step.title} ...\n` : `Kafka ${kafkaVersion} with Maven ...\n`);
  try {
    if (step.do === "run") run(step.command);
    else resolveKafka();
  } catch (error) {
    process.stdout.write(`that failed: ${describeError(error)}\n`);
  }
}

/** What is there is left as it is. Returns whether everything is there in the end. */
function setUp(): boolean {
  const there = new Set(needs.filter((need) => locate(need) !== undefined));
  for (const step of planSetup(findings(needs.filter((need) => !there.has(need))))) carryOut(step);
  let complete = true;
  for (const need of needs) {
    const place = locate(need);
    // Maven is only a way to get Kafka.
    const needless = need === "maven" && locate("kafka") !== undefined;
    const state = place !== undefined ? (there.has(need) ? "was there" : "new") : needless ? "not needed" : "missing";
    complete &&= state !== "missing";
    process.stdout.write(`${need.padEnd(8)} ${state}${place === undefined ? "" : `: ${place}`}\n`);
  }
  return complete;
}

if (import.meta.main) process.exitCode = setUp() ? 0 : 1;
