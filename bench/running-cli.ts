/** For tests: the command line as a user runs it, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Results, resultsSchema } from "../results/contract/results.ts";
import { packageFolder } from "./environment/package-folder.ts";

export class RunningCli {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #ended: Promise<void>;
  #heard: () => void = () => {};

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.process = spawn(process.execPath, [join(packageFolder, "bench/cli.ts"), ...args], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process.stdout!.on("data", (chunk) => {
      this.stdout += chunk;
      this.#heard();
    });
    this.process.stderr!.on("data", (chunk) => {
      this.stderr += chunk;
      this.#heard();
    });
    this.#ended = once(this.process, "close").then(() => this.#heard());
  }

  /** Exit code, once both outputs are read to the end. */
  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.process.exitCode;
  }

  /** Resolves when the output matches; throws with the output if the process ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout + this.stderr);
      if (match) return match;
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`ended without saying ${pattern}:\n${this.stdout}${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** Process ids of its direct children whose command line contains `text`. */
  children(text = ""): number[] {
    const { pid } = this.process;
    const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    return ids.filter((id) => commandLine(id).includes(text));
  }
}

/** A folder that is removed at the end of the test. */
export function temporaryFolder(): { path: string; results(): Results } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "wirebench-test-"));
  return {
    path,
    results: () => resultsSchema.parse(JSON.parse(readFileSync(join(path, "results.json"), "utf8"))),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Whether a process runs; one that ended but was not waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
