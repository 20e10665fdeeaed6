/** Child processes that answer calls over Node's IPC channel. */
import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { siblingModule } from "../../../protocol/sibling-module.ts";
import { Watchdog } from "../../../servers/programs/watchdog.ts";
import { packageFolder } from "../../environment/package-folder.ts";
import { announcer, answer, Calls, type Channel, type EventValues, type Occurrence, type RemoteApi } from "./calls.ts";

export type { RemoteApi } from "./calls.ts";

const stderrKeptBytes = 4096;
const stopWaitMs = 2000;

/** Children that are stopped cannot see that their driver is gone. Made for the first of them; ends with this process. */
let ofStopped: Watchdog | undefined;

/** A child process as the driver sees it. */
export class RemoteProcess<Api extends RemoteApi, Events extends EventValues = EventValues> {
  readonly name: string;
  /** Settles with a sentence that says how the process ended. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #calls: Calls<Api, Events>;
  #stderr = "";
  #ending: string | undefined;

  /** Forks `entry`, a module beside this one, without its extension. */
  constructor(name: string, entry: string, onEvent?: (...occurrence: Occurrence<Events>) => void) {
    this.name = name;
    this.#child = fork(fileURLToPath(siblingModule(entry, import.meta.url)), [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning"],
      // Every trial starts fresh processes: compiling the same modules each time would be half of a short run.
      env: { NODE_COMPILE_CACHE: join(packageFolder, "node_modules", ".cache", "wirebench"), ...process.env },
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-stderrKeptBytes);
    });
    const channel: Channel = {
      // What cannot be sent is told by how the process ended.
      post: (data) => void this.#child.send(data as Serializable, () => {}),
      on: (listener) => void this.#child.on("message", listener),
    };
    this.#calls = new Calls(`the ${name} process`, channel, onEvent);
    this.exited = new Promise((resolve) => {
      const settle = (sentence: string): void => {
        this.#ending = sentence;
        if (this.pid !== undefined) ofStopped?.releaseProcess(this.pid);
        this.#calls.close(sentence);
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
  call<Method extends keyof Api & string>(
    method: Method,
    argument: Parameters<Api[Method]>[0],
    timeoutMs: number,
  ): Promise<Awaited<ReturnType<Api[Method]>>> {
    return this.#calls.call(method, argument, timeoutMs);
  }

  /** SIGKILL for a crash, SIGSTOP and SIGCONT for a freeze. One that is frozen is killed when this process is gone. */
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
    if (this.pid === undefined || this.#ending !== undefined) return;
    if (name === "SIGCONT") ofStopped?.releaseProcess(this.pid);
    if (name !== "SIGSTOP") return;
    ofStopped ??= new Watchdog();
    ofStopped.guardProcess(this.pid);
  }

  /** Asks the process to end and makes sure it does. Idempotent. */
  async stop(): Promise<void> {
    if (this.#ending !== undefined) return;
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), stopWaitMs);
    await this.exited;
    clearTimeout(kill);
  }

  #describeExit(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const lines = this.#stderr.trim().split("\n");
    const said = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? "";
    return `the ${this.name} process ended ${how}${said === "" ? "" : `: ${said}`}`;
  }
}

const driver: Channel = {
  // Without a callback, a driver that is gone would be an error here before it is a disconnect.
  post: (data) => void process.send?.(data, undefined, undefined, () => {}),
  on: (listener) => void process.on("message", listener),
};
const tellDriver = announcer(driver);

/** Runs in a child: answers the driver's calls until the driver is gone. */
export function answerCalls(api: RemoteApi): void {
  // Ctrl-C reaches the whole process group; the driver decides when a child ends.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit(0));
  answer(driver, api);
}

/** Runs in a child: tells the driver something it did not ask for. */
export function announce<Events extends EventValues = EventValues>(...[event, value]: Occurrence<Events>): void {
  tellDriver(event, value);
}
