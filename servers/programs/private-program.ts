/** What every privately started program has in common: start until it answers, crash, restart, freeze, end. */
import { rm } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { WirebenchError } from "../../protocol/errors.ts";
import { BoundProcess, type User } from "./bound-process.ts";
import { freePort } from "./free-ports.ts";
import type { Door, ProgramOptions, RunningProgram } from "./running-program.ts";
import { Watchdog } from "./watchdog.ts";

/** Where a program runs; what its recipe may need to know. */
export interface ProgramPlace {
  readonly executable: string;
  readonly folder: string;
  readonly port: number;
  readonly watchdog: Watchdog;
  /** Aborts when the start is over, one way or the other. */
  readonly signal: AbortSignal;
}

export interface AnsweringPlace extends ProgramPlace {
  readonly pid: number;
  /** The last of what this process wrote to standard output and standard error. */
  readonly said: () => string;
}

/** All that differs from program to program. */
export interface ProgramRecipe {
  /** As a human calls it, e.g. `redis-server`. */
  readonly name: string;
  /** Of its URL, without the colon. */
  readonly scheme: string;
  /** Loopback address where it listens; absent: 127.0.0.1. */
  readonly address?: string;
  /** Writes what it reads at its start. Called once per port, before the first start. */
  readonly prepare?: (place: ProgramPlace) => Promise<void>;
  readonly arguments: (place: ProgramPlace) => readonly string[];
  /** Known once it is prepared; see `RunningProgram`. */
  readonly doors?: () => readonly Door[];
  readonly addresses?: () => Readonly<Record<string, string>>;
  readonly certificate?: () => string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  /** As whom it runs; undefined: as whoever runs this. */
  readonly user?: () => User | undefined;
  /**
   * Resolves when the program answers its clients; rejects while it does not. It must make sure that it is this very
   * process that answers, since another program may sit on the port.
   */
  readonly answers: (place: AnsweringPlace) => Promise<unknown>;
  /** Matches what it says when its port is another's. */
  readonly portTaken: RegExp;
  /** Until it must answer, in milliseconds. */
  readonly startMsMax: number;
  /** Between SIGTERM and SIGKILL, in milliseconds. */
  readonly stopMsMax: number;
}

const pollMs = 20;
const answerMsMax = 2000;
const portTakenWaitMs = 100;
const portTriesMax = 5;
const quotedLinesMax = 5;

/**
 * Resolves when the program answers. Rejects with `component-failed`, which says what the program said, or `aborted`;
 * nothing is left running then.
 */
export async function startPrivately(recipe: ProgramRecipe, options: ProgramOptions): Promise<RunningProgram> {
  const { port = 0 } = options;
  for (let tries = 1; ; tries++) {
    const program = new PrivateProgram(recipe, options, port === 0 ? await freePort() : port);
    try {
      await program.begin();
      return program;
    } catch (error) {
      const again = port === 0 && error instanceof PortTakenError && tries < portTriesMax;
      await program.abandon({ keepFolder: again });
      if (!again) throw error;
    }
  }
}

/** Another program has it: with another port all would be well. */
export class PortTakenError extends WirebenchError {
  constructor(message: string) {
    super("component-failed", message, { hint: "another program listens there: give another port" });
  }
}

class PrivateProgram implements RunningProgram {
  readonly name: string;
  readonly url: string;
  onDeath: ((sentence: string) => void) | undefined;
  onLine: ((line: string) => void) | undefined;
  readonly #recipe: ProgramRecipe;
  readonly #options: ProgramOptions;
  readonly #port: number;
  readonly #watchdog: Watchdog;
  readonly #stopping = new AbortController();
  #process: BoundProcess | undefined;
  #starting: Promise<void> | undefined;
  #endAsked = false;
  #stopped: Promise<void> | undefined;

  constructor(recipe: ProgramRecipe, options: ProgramOptions, port: number) {
    this.name = recipe.name;
    this.url = `${recipe.scheme}://${recipe.address ?? "127.0.0.1"}:${port}`;
    this.#recipe = recipe;
    this.#options = options;
    this.#port = port;
    this.#watchdog = options.watchdog ?? new Watchdog(options.temporary === true ? options.folder : "");
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get log(): string {
    return this.#process?.log ?? "";
  }

  get doors(): readonly Door[] | undefined {
    return this.#recipe.doors?.();
  }

  get addresses(): Readonly<Record<string, string>> | undefined {
    return this.#recipe.addresses?.();
  }

  get certificate(): string | undefined {
    return this.#recipe.certificate?.();
  }

  async begin(): Promise<void> {
    const { signal } = this.#options;
    this.#starting = this.#start(signal, true).finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async kill(): Promise<void> {
    this.#endAsked = true;
    this.#process?.signal("SIGKILL");
    await this.#process?.exited;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#starting ??= this.#startOnSamePort().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  freeze(): void {
    this.#process?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#process?.signal("SIGCONT");
  }

  stop(): Promise<void> {
    return this.abandon({ keepFolder: false });
  }

  /** Ends it for good. `keepFolder`: the next try needs it. */
  abandon({ keepFolder }: { keepFolder: boolean }): Promise<void> {
    this.#stopped ??= this.#end(keepFolder);
    return this.#stopped;
  }

  async #end(keepFolder: boolean): Promise<void> {
    this.#endAsked = true;
    this.#stopping.abort();
    await this.#starting?.catch(() => {});
    await this.#process?.end(this.#recipe.stopMsMax);
    const { folder, temporary } = this.#options;
    if (temporary === true && !keepFolder) await rm(folder, { recursive: true, force: true }).catch(() => {});
    if (this.#options.watchdog === undefined) this.#watchdog.end();
  }

  /** A client that tries to reconnect may hold the port for a moment: its own end of a connection has it by chance. */
  async #startOnSamePort(): Promise<void> {
    const deadlineMs = performance.now() + this.#recipe.startMsMax;
    for (;;) {
      try {
        await this.#start(undefined, false);
        return;
      } catch (error) {
        if (!(error instanceof PortTakenError) || performance.now() > deadlineMs) throw error;
        await wait(portTakenWaitMs);
      }
    }
  }

  async #start(caller: AbortSignal | undefined, first: boolean): Promise<void> {
    const { name, startMsMax, portTaken } = this.#recipe;
    const over = new AbortController();
    const late = AbortSignal.timeout(startMsMax);
    const signals = [over.signal, late, this.#stopping.signal, ...(caller === undefined ? [] : [caller])];
    const { executable, folder } = this.#options;
    const place: ProgramPlace = {
      executable,
      folder,
      port: this.#port,
      watchdog: this.#watchdog,
      signal: AbortSignal.any(signals),
    };
    const refuseIfAborted = (): void => {
      if (this.#stopping.signal.aborted) throw new WirebenchError("aborted", `${name} was stopped while it started`);
      if (caller?.aborted) throw new WirebenchError("aborted", `the start of ${name} was aborted`);
    };
    try {
      refuseIfAborted();
      if (first) await this.#recipe.prepare?.(place);
      refuseIfAborted();
      this.#endAsked = false;
      const started = this.#spawn(place);
      const ended = started.exited.then((sentence) => {
        over.abort();
        return sentence;
      });
      if (await this.#untilAnswering(place, started)) return;
      if (started.pid !== undefined) started.signal("SIGKILL");
      const sentence = await ended;
      refuseIfAborted();
      if (late.aborted)
        throw new WirebenchError("component-failed", this.#quoting(`did not answer in ${startMsMax / 1000} s`));
      const failure = this.#quoting(sentence);
      if (portTaken.test(started.log)) throw new PortTakenError(`port ${this.#port} is taken: ${failure}`);
      throw new WirebenchError("component-failed", failure);
    } finally {
      over.abort();
    }
  }

  #spawn(place: ProgramPlace): BoundProcess {
    const { environment, user } = this.#recipe;
    const started = new BoundProcess({
      executable: place.executable,
      arguments: this.#recipe.arguments(place),
      folder: place.folder,
      ...(environment === undefined ? {} : { environment }),
      user: user?.(),
      watchdog: this.#watchdog,
      onLine: (line) => this.onLine?.(line),
    });
    this.#process = started;
    void started.exited.then((sentence) => {
      const unasked = this.#process === started && !this.#endAsked && this.#starting === undefined;
      if (unasked) this.onDeath?.(this.#quoting(sentence));
    });
    return started;
  }

  /** True when it answers; false when there is no use in waiting any longer. */
  async #untilAnswering(place: ProgramPlace, started: BoundProcess): Promise<boolean> {
    const { exited, pid } = started;
    if (pid === undefined) {
      await exited;
      return false;
    }
    // Some go on without the port.
    const isTaken = (): boolean => this.#recipe.portTaken.test(started.log);
    while (!place.signal.aborted && !isTaken()) {
      const signal = AbortSignal.any([place.signal, AbortSignal.timeout(answerMsMax)]);
      try {
        await this.#recipe.answers({ ...place, signal, pid, said: () => started.log });
        return this.#process?.pid === pid && !isTaken();
      } catch {
        // Not yet; why it never will is told by its end, by what it says, or by the deadline.
      }
      await wait(pollMs, undefined, { signal: place.signal }).catch(() => {});
    }
    return false;
  }

  /** What happened, and the last the program said, without Java's stack traces. */
  #quoting(sentence: string): string {
    const lines = (this.#process?.log ?? "").split("\n").filter((line) => !/^\s*$|^\s+(at |\.\.\.)/.test(line));
    const said = lines.slice(-quotedLinesMax).map((line) => `\n    ${line.trim()}`);
    return `${this.name} ${sentence}${said.length > 0 ? `; it said:${said.join("")}` : ""}`;
  }
}
