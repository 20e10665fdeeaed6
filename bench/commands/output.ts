import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { masked } from "../../protocol/secrets.ts";
import type { Results } from "../../results/contract/results.ts";

/** The folder a run writes to. A file is complete or absent: it is written beside its place and then renamed. */
export class OutputFolder {
  readonly path: string;

  /** Creates the folder and proves that it takes files; throws `usage` otherwise, before anything is measured. */
  constructor(path: string) {
    this.path = resolve(path);
    try {
      createFolder(this.path);
      const probe = join(this.path, ".wirebench-probe");
      writeFileSync(probe, "");
      rmSync(probe);
    } catch (error) {
      const hint = "choose another with --out DIR";
      throw new WirebenchError("usage", `cannot write to the output folder ${this.path}: ${describeError(error)}`, {
        cause: error,
        hint,
      });
    }
  }

  /** The folder of a file that is to be written, and the file's name in it. */
  static ofFile(path: string): { folder: OutputFolder; name: string } {
    return { folder: new OutputFolder(dirname(path)), name: basename(path) };
  }

  writeResults(results: Results): void {
    const value = (_key: string, part: unknown): unknown => (typeof part === "string" ? masked(part) : part);
    this.#write("results.json", `${JSON.stringify(results, value, 1)}\n`);
  }

  /** Without secrets. Throws `output-unwritable`; the earlier version of the file, if there is one, is then still whole. */
  write(name: string, content: string): void {
    this.#write(name, masked(content));
  }

  #write(name: string, content: string): void {
    const path = join(this.path, name);
    const partial = `${path}.partial`;
    try {
      writeFileSync(partial, content);
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { force: true });
      throw new WirebenchError("output-unwritable", `cannot write ${path}: ${describeError(error)}`, { cause: error });
    }
  }
}

/** Parent by parent: Node's recursive mkdir does not end where the parent refuses with ENOENT, as /proc does. */
function createFolder(path: string): void {
  if (existsSync(path)) return;
  createFolder(dirname(path));
  mkdirSync(path);
}

/** `reports/out/2026-11-22T18-30-05` below the current folder, one per run. */
export const defaultOutputFolder = (now: Date): string =>
  join("reports", "out", now.toISOString().slice(0, 19).replaceAll(":", "-"));
