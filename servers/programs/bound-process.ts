/** A process of another program: in a group of its own, with the end of what it says kept, dying with the driver. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describeError } from "../../protocol/errors.ts";
import { descendantsOf } from "./descendants.ts";
import type { Watchdog } from "./watchdog.ts";

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface BoundProcessOptions {
  readonly executable: string;
  readonly arguments: readonly string[];
  /** Working directory. */
  readonly folder: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** As whom it runs; undefined: as whoever runs this. Only root may choose. */
  readonly user?: User | undefined;
  readonly watchdog: Watchdog;
  /** Hears of every line it writes. */
  readonly onLine?: (line: string) => void;
}

const logCharactersMax = 16 * 1024;
const outputWaitMs = 1000;

export class BoundProcess {
  /** Settles when the process and all of its group are gone, with how: `ended with exit code 1`. Never rejects. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #watchdog: Watchdog;
  #log = "";
  #gone = false;

  constructor({ executable, arguments: args, folder, environment, user, watchdog, onLine }: BoundProcessOptions) {
    this.#watchdog = watchdog;
    // Detached: Ctrl-C in a terminal is for the driver, which then ends its programs in its own order.
    this.#child = spawn(executable, args, {
      cwd: folder,
      env: { ...process.env, ...environment },
      ...user,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    if (this.#child.pid !== undefined) watchdog.guard(this.#child.pid);
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      let rest = "";
      output?.setEncoding("utf8").on("data", (text: string) => {
        this.#log = (this.#log + text).slice(-logCharactersMax);
        if (onLine === undefined) return;
        const lines = (rest + text).slice(-logCharactersMax).split("\n");
        rest = lines.pop()!;
        for (const line of lines) onLine(line);
      });
    }
    this.exited = this.#untilGone();
  }

  /** Undefined once it is gone, or when it could not be run. */
  get pid(): number | undefined {
    return this.#gone ? undefined : this.#child.pid;
  }

  /** The last of what it wrote to standard output and standard error. */
  get log(): string {
    return this.#log;
  }

  /**
   * To the process alone (`SIGTERM`: it knows its children), or to all of its group and to what it started in groups of
   * their own, as Postgres does. No effect once it is gone.
   */
  signal(name: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGUSR2"): void {
    const { pid } = this;
    if (pid === undefined) return;
    const whole = name === "SIGKILL" || name === "SIGSTOP" || name === "SIGCONT";
    const others = whole ? descendantsOf(pid) : [];
    signalIfThere(whole ? -pid : pid, name);
    for (const other of others) signalIfThere(other, name);
  }

  /** SIGTERM, and SIGKILL after `patienceMs`; resolves when it is gone. */
  async end(patienceMs: number): Promise<void> {
    // A frozen process does not hear SIGTERM.
    this.signal("SIGCONT");
    this.signal("SIGTERM");
    const kill = setTimeout(() => this.signal("SIGKILL"), patienceMs);
    await this.exited;
    clearTimeout(kill);
  }

  async #untilGone(): Promise<string> {
    const child = this.#child;
    try {
      // The pipes close when the last process that holds them is gone.
      const closed = once(child, "close");
      closed.catch(() => {});
      const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
      signalIfThere(-child.pid!, "SIGKILL");
      const giveUp = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, outputWaitMs);
      await closed;
      clearTimeout(giveUp);
      return signal === null ? `ended with exit code ${code}` : `ended by ${signal}`;
    } catch (error) {
      return `could not be run: ${describeError(error)}`;
    } finally {
      this.#gone = true;
      if (child.pid !== undefined) this.#watchdog.release(child.pid);
    }
  }
}

function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: it ended by itself in this very moment.
  }
}
