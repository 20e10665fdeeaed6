/** A program wirebench works with but does not bring: what its record says, and what follows from that for each. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Options } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { findExecutable, searchPath } from "./executables.ts";
import type { RunningProgram, StartOptions } from "./running-program.ts";

export interface Program {
  readonly name: string;
  /** What it is in the field. */
  readonly role: string;
  /** Whether a command of this version works with it: `npm run setup` brings no others. */
  readonly used: boolean;
  /** Names of its executable, in order of preference; for what is no single executable, where on the path it is. */
  readonly find: readonly string[] | ((path: string) => string | undefined);
  /** Arguments that make it print its version and end; for one that has none, how to read it where it was found. */
  readonly version: readonly string[] | ((found: string) => string | undefined);
  readonly install: Install;
  /** Programs without which it does not run. */
  readonly needs?: readonly Program[];
  /** Of one that already runs somewhere, which is then used: where the environment names it, and its usual scheme. */
  readonly address?: { readonly variable: string; readonly scheme: string };
  /**
   * Where it tells its clients at which address to go on: whether relays can stand between. `by-doors`: before a private
   * one, which has doors for them. `never`: its members tell of each other.
   */
  readonly relays?: "by-doors" | "never";
  /** What it does with a subscriber that does not read, with its default settings. */
  readonly slowSubscriber?: SlowSubscriber;
  /** Cores that it can keep busy with messages, e.g. 1 where a single thread handles them. Absent: all there are. */
  readonly coresMax?: number;
  /** Protocols a target may ask of it (`protocol@name`), each with the URL a client of these options connects to. */
  readonly serves?: Readonly<Record<string, (running: RunningProgram, options: Options) => string>>;
  /** Several of them can be started that talk to each other (`StartOptions.federation`). */
  readonly federates?: { readonly configuration: string };
  /** What it is started with as a target, with words for what differs from start to start; no secrets. */
  readonly configuration?: string;
  /** Starts a private one where `findProgram` found it. Absent where it is not used yet, or only by what it is for. */
  readonly start?: (found: string, options: StartOptions) => Promise<RunningProgram>;
}

export interface SlowSubscriber {
  /** Queued for it: over that it is cut off. */
  readonly queuedBytesMax: number;
  /** It is cut off too if nothing could be written for so long, in milliseconds. */
  readonly unwrittenMsMax?: number;
  /** Share of the queue that must be full before whoever publishes to it is held back; absent: nobody is. */
  readonly holdsPublishersFrom?: number;
  /** What is said when it is cut off; with the flag `g`. */
  readonly says: RegExp;
}

export interface Install {
  /** Debian's packages; of `one|other` the first that the release has. */
  readonly apt?: readonly string[];
  readonly brew?: readonly string[];
  /** For people; absent: with apt. */
  readonly how?: string;
  /** How the setup gets what no package manager has. */
  readonly fetch?: Fetch;
}

export interface Fetch {
  readonly title: string;
  /** Programs it is fetched with, of no use afterwards. */
  readonly tools: readonly Program[];
  /** Throws when it fails; `run` throws when the command does. */
  readonly by: (run: (command: readonly string[]) => void) => void;
}

/** The address the environment gives for a program, or undefined. */
export function addressOf({ address }: Program, environment = process.env): string | undefined {
  return (address && environment[address.variable]?.trim()) || undefined;
}

/** Where a program is: undefined when it, or one that it needs, is not on this machine. */
export function findProgram(program: Program, path = searchPath()): string | undefined {
  const needs = program.needs ?? [];
  return needs.every((need) => findProgram(need, path) !== undefined) ? findWithoutNeeds(program, path) : undefined;
}

export function findWithoutNeeds({ find }: Program, path = searchPath()): string | undefined {
  return typeof find === "function" ? find(path) : findExecutable(find, path);
}

/** `findProgram` for those who need it: throws `component-missing` with the command that installs it. */
export function requireProgram(program: Program): string {
  const found = findProgram(program);
  if (found !== undefined) return found;
  const hint = `install it: ${howToInstall(program)}`;
  throw new WirebenchError("component-missing", `${program.name} is not on this machine`, { hint });
}

export function howToInstall({ install: { apt = [], how } }: Program): string {
  return how ?? `apt-get install ${apt.join(" ")}`;
}

/** The first version-like word a program prints, or what its record reads; else `version unknown`. */
export function programVersion({ version }: Pick<Program, "version">, found: string): string {
  try {
    return (typeof version === "function" ? version(found) : printedVersion(found, version)) ?? "version unknown";
  } catch {
    return "version unknown";
  }
}

function printedVersion(executable: string, args: readonly string[]): string | undefined {
  const { stdout, stderr } = spawnSync(executable, args, { encoding: "utf8", timeout: 5000 });
  return /\d+\.\d+[\w.+-]*/.exec(`${stdout ?? ""}${stderr ?? ""}`)?.[0];
}

/** What a list of programs says of each: its version and where it is, or how to get it. */
export function inspectProgram(program: Program) {
  const { name, role } = program;
  const path = findProgram(program);
  return path === undefined
    ? { name, role, install: howToInstall(program) }
    : { name, role, path, version: programVersion(program, path) };
}

/**
 * Resolves with a program that answers: where the environment gives an address the one that runs there, unchecked, else
 * a private one in a temporary folder, which is gone when it is stopped. Rejects with `component-missing`, its hint the
 * command that installs it, `component-failed` or `aborted`.
 */
export async function startProgram(
  program: Program,
  options: Pick<StartOptions, "signal" | "fsync" | "federation"> = {},
): Promise<RunningProgram> {
  const { name, address, start } = program;
  const foreign = addressOf(program);
  if (address !== undefined && foreign !== undefined) return foreignProgram(name, address, foreign);
  if (start === undefined) throw new Error(`${name} is not started by itself`);
  const found = requireProgram(program);
  const folder = await mkdtemp(join(tmpdir(), `wirebench-${name}-`));
  try {
    return await start(found, { ...options, folder, temporary: true });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Somebody else's program: it can be used, and nothing else. */
function foreignProgram(
  name: string,
  { variable, scheme }: NonNullable<Program["address"]>,
  address: string,
): RunningProgram {
  const refusal = (): WirebenchError =>
    new WirebenchError("component-missing", `the ${name} of ${variable} is not ours to kill`, {
      hint: `unset ${variable}, and a private one is started for this experiment`,
    });
  const refuse = (): never => {
    throw refusal();
  };
  return {
    name: `${name} of ${variable}`,
    url: address.includes("://") ? address : `${scheme}://${address}`,
    foreign: true,
    pid: undefined,
    kill: () => Promise.reject(refusal()),
    restart: () => Promise.reject(refusal()),
    freeze: refuse,
    thaw: refuse,
    onDeath: undefined,
    stop: () => Promise.resolve(),
  };
}
