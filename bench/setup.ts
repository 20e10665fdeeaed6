/** `npm run setup`: brings what wirebench works with to this machine, as far as it can, and says what it did. */
import { spawnSync } from "node:child_process";
import { describeError } from "../protocol/errors.ts";
import { findExecutable } from "../servers/programs/executables.ts";
import { findWithoutNeeds, howToInstall, type Program, programVersion } from "../servers/programs/program.ts";
import { programs } from "../servers/programs/programs.ts";
import { type Findings, isWanted, planSetup, programsToSetUp, type Step } from "../servers/programs/setup-plan.ts";

/** Where a program is, with its version, whether or not what it needs is there; undefined while it is missing. */
export function locate(program: Program): string | undefined {
  const found = findWithoutNeeds(program);
  return found === undefined ? undefined : `${programVersion(program, found)} at ${found}`;
}

function findings(missing: readonly Program[]): Findings {
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

function carryOut(step: Step): void {
  if (step.do === "tell") {
    process.stdout.write(`to do by you: ${step.text}\n`);
    return;
  }
  process.stdout.write(`${step.do === "run" ? step.title : step.fetch.title} ...\n`);
  try {
    if (step.do === "run") run(step.command);
    else step.fetch.by(run);
  } catch (error) {
    process.stdout.write(`that failed: ${describeError(error)}\n`);
  }
}

/** What is there is left as it is. Returns whether everything is there in the end. */
function setUp(): boolean {
  const all = programsToSetUp(programs);
  const missingBefore = all.filter((program) => locate(program) === undefined);
  for (const step of planSetup(findings(missingBefore))) carryOut(step);
  const places = new Map(all.map((program) => [program, locate(program)]));
  const missing = all.filter((program) => places.get(program) === undefined);
  for (const [program, place] of places) {
    const came = missingBefore.includes(program) ? "new" : "was there";
    const state = place !== undefined ? `${came}: ${place}` : isWanted(program, missing) ? "missing" : "not needed";
    process.stdout.write(`${program.name.padEnd(8)} ${state}\n`);
  }
  for (const program of programs.filter(({ role, used }) => role === "broker" && !used)) {
    const state = locate(program) ?? `not brought by this setup: ${howToInstall(program)}`;
    process.stdout.write(`${program.name.padEnd(8)} ${state}\n`);
  }
  return !missing.some((program) => isWanted(program, missing));
}

if (import.meta.main) process.exitCode = setUp() ? 0 : 1;
