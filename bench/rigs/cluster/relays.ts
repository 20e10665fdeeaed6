/** The relays of a cluster as the driver holds them: one per node that has one, all in a process of their own. */

import type { RunningProgram } from "../../../servers/programs/running-program.ts";
import type { Impairments, RelayReading } from "../../relay/relay.ts";
import { through, wayTo } from "../../relay/way.ts";
import type { RelayProcessApi } from "../processes/relay.ts";
import { RemoteProcess } from "../processes/remote.ts";

/** The first answer comes after the process has started, on a machine that is busy with others. */
const answerWaitMs = 60_000;

export class Relays implements AsyncDisposable {
  readonly #process = new RemoteProcess<RelayProcessApi>("relay", "relay");
  readonly #program: RunningProgram;
  readonly #addresses = new Map<string, string>();

  constructor(program: RunningProgram) {
    this.#program = program;
  }

  /** Settles with a sentence that says how the process ended. */
  get exited(): Promise<string> {
    return this.#process.exited;
  }

  /** A way of its own to the program for each of these nodes. */
  async open(nodes: readonly string[]): Promise<void> {
    for (const [index, name] of nodes.entries()) {
      const { port } = await this.#process.call("open", { name, ...wayTo(this.#program, index) }, answerWaitMs);
      this.#addresses.set(name, through(this.#program.url, port));
    }
  }

  /** What the node is to take for the program's; undefined for one that has no relay. */
  addressFor(node: string): string | undefined {
    return this.#addresses.get(node);
  }

  /** For bytes that a node sends (`up`) or is sent (`down`) from now on; what is absent is not impaired. */
  impose(node: string, impairments: Impairments): Promise<void> {
    return this.#process.call("impose", { name: node, ...impairments }, answerWaitMs);
  }

  /** Resets the node's connections and every new one. Each of the three resolves with the instant at which it was done. */
  cut(node: string): Promise<number> {
    return this.#process.call("cut", { name: node }, answerWaitMs);
  }

  /** Lets nothing through and ends nothing. */
  stall(node: string): Promise<number> {
    return this.#process.call("stall", { name: node }, answerWaitMs);
  }

  heal(node: string): Promise<number> {
    return this.#process.call("heal", { name: node }, answerWaitMs);
  }

  /** What really passed and was imposed, since the cluster was opened. */
  read(node: string): Promise<RelayReading> {
    return this.#process.call("read", { name: node }, answerWaitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
