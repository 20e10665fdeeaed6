/**
 * Calls between the driver and its child processes: typed methods over Node's IPC channel. Data only, as JSON;
 * what is measured travels as counts and encoded histograms.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeError, type ErrorCode, WirebenchError } from "../../../protocol/errors.ts";
import { siblingModule } from "../../../protocol/sibling-module.ts";
import { packageFolder } from "../../environment/package-folder.ts";

/** Methods a child offers: one JSON argument in, one JSON value out. */
// biome-ignore lint/suspicious/noExplicitAny: the concrete argument and result types live in each API.
export type RemoteApi = Record<string, (argument: any) => Promise<unknown>>;

interface Call {
  id: number;
  method: string;
  argument: unknown;
}

type Answer =
  | { id: number; value: unknown }
  | { id: number; error: { code: ErrorCode; message: string } }
  /** Unasked: something happened the driver should know at once. */
  | { event: string; value: unknown };

const stderrKeptBytes = 4096;
const stopWaitMs = 2000;

/** A child process as the driver sees it. */
export class RemoteProcess<Api extends RemoteApi> {
  readonly name: string;
  /** Settles with a sentence that says how the process ended. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #onEvent: (event: string, value: unknown) => void;
  #nextId = 0;
  #stderr = "";
  #ending: string | undefined;

  /** Forks `entry`, a module beside this one, without its extension. */
  constructor(name: string, entry: string, onEvent: (event: string, value: unknown) => void = () => {}) {
    this.name = name;
    this.#onEvent = onEvent;
    this.#child = fork(fileURLToPath(siblingModule(entry, import.meta.url)), [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning"],
      // Every trial starts fresh processes: compiling the same modules each time would be half of a short run.
      env: { NODE_COMPILE_CACHE: join(packageFolder, "node_modules", ".cache", "wirebench"), ...process.env },
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-stderrKeptBytes);
    });
    this.#child.on("message", (answer) => this.#answered(answer as Answer));
    this.exited = new Promise((resolve) => {
      const settle = (sentence: string): void => {
        this.#ending = sentence;
        for (const { reject } of this.#pending.values()) reject(new WirebenchError("process-failed", sentence));
        this.#pending.clear();
        resolve(sentence);
      };
      this.#child.once("error", (error) => settle(`the ${name} process could not start: ${error.message}`));
      // Not "close": Node does not emit it for a child whose IPC channel was disconnected from this side.
      this.#child.once("exit", async (code, signal) => {
        if (this.#child.stderr?.closed === false) await once(this.#child.stderr, "close");
        settle(this.#describeExit(code, signal));
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects with what the child threw, or with how it ended, or when it is silent for `timeoutMs`. */
  async call<Method extends keyof Api & string>(
    method: Method,
    argument: Parameters<Api[Method]>[0],
    timeoutMs: number,
  ): Promise<Awaited<ReturnType<Api[Method]>>> {
    if (this.#ending !== undefined) throw new WirebenchError("process-failed", this.#ending);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const silence = setTimeout(() => {
      this.#pending.delete(id);
      reject(new WirebenchError("process-failed", `the ${this.name} process was silent for ${timeoutMs / 1000} s`));
    }, timeoutMs);
    this.#child.send({ id, method, argument } satisfies Call, () => {});
    try {
      return (await promise) as Awaited<ReturnType<Api[Method]>>;
    } finally {
      clearTimeout(silence);
    }
  }

  /** SIGKILL for a crash, SIGSTOP and SIGCONT for a freeze. */
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
  }

  /** Asks the process to end and makes sure it does. Idempotent. */
  async stop(): Promise<void> {
    if (this.#ending !== undefined) return;
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), stopWaitMs);
    await this.exited;
    clearTimeout(kill);
  }

  #answered(answer: Answer): void {
    if ("event" in answer) {
      this.#onEvent(answer.event, answer.value);
      return;
    }
    const waiting = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ("error" in answer) waiting?.reject(new WirebenchError(answer.error.code, answer.error.message));
    else waiting?.resolve(answer.value);
  }

  #describeExit(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const lines = this.#stderr.trim().split("\n");
    const said = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? "";
    return `the ${this.name} process ended ${how}${said === "" ? "" : `: ${said}`}`;
  }
}

/** Runs in a child: answers the driver's calls until the driver is gone. */
export function answerCalls(api: RemoteApi): void {
  // Ctrl-C reaches the whole process group; the driver decides when a child ends.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message) => {
    const { id, method, argument } = message as Call;
    const reply = (answer: Answer): void => void process.send?.(answer);
    Promise.resolve()
      .then(() => api[method]!(argument))
      .then(
        (value) => reply({ id, value }),
        (error) => {
          const code = error instanceof WirebenchError ? error.code : "process-failed";
          reply({ id, error: { code, message: describeError(error) } });
        },
      );
  });
}

/** Runs in a child: tells the driver something it did not ask for. */
export function announce(event: string, value: unknown): void {
  process.send?.({ event, value } satisfies Answer);
}
