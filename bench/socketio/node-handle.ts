import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { SocketIoNodeOptions } from "../../servers/cluster/socketio/node.ts";

const saidCharactersMax = 4096;

/** A node as whoever measures it holds it. */
export class NodeHandle implements AsyncDisposable {
  readonly #process: ChildProcess;
  #port = 0;
  #killed = false;
  #said = "";

  private constructor(options: SocketIoNodeOptions) {
    this.#process = fork(join(import.meta.dirname, "node-process.ts"), [JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-saidCharactersMax);
    });
  }

  static async start(options: SocketIoNodeOptions): Promise<NodeHandle> {
    const node = new NodeHandle(options);
    const ended = once(node.#process, "exit").then(([code]) => {
      throw new Error(`a Socket.IO node ended with exit code ${code} before it listened`);
    });
    ended.catch(() => {});
    const [{ port }] = (await Promise.race([once(node.#process, "message"), ended])) as [{ port: number }];
    node.#port = port;
    return node;
  }

  get port(): number {
    return this.#port;
  }

  /** Since it began. */
  async cpuUs(): Promise<number> {
    this.#process.send({});
    const [{ cpuUs }] = (await once(this.#process, "message")) as [{ cpuUs: number }];
    return cpuUs;
  }

  get runs(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** What it said when it ended although nobody asked it to; undefined while it runs, and once it was killed. */
  get diedOf(): string | undefined {
    if (this.runs || this.#killed) return undefined;
    return /^\w*Error: .*$/m.exec(this.#said)?.[0] ?? "nothing";
  }

  async kill(): Promise<void> {
    if (!this.runs) return;
    this.#killed = true;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
