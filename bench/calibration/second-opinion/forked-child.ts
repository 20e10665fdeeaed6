import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { siblingModule } from "../../../protocol/sibling-module.ts";

/** A process that answers one order with one message. */
export class ForkedChild implements AsyncDisposable {
  readonly #child: ChildProcess;

  /** Forks the module `entry`, given without its extension, beside the file with the URL `beside`. */
  constructor(entry: string, beside: string) {
    this.#child = fork(fileURLToPath(siblingModule(entry, beside)), [], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
  }

  async ask<T>(order: string | object): Promise<T> {
    this.#child.send(order);
    const [answer] = await once(this.#child, "message");
    return answer as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}
