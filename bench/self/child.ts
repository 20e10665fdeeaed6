import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A process of this folder that answers one order with one message. */
export class SelfChild implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(entry: string) {
    this.#child = fork(fileURLToPath(new URL(`./${entry}.ts`, import.meta.url)));
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
