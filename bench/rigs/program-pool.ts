/** The real programs of a run: each is started once, when the first rig needs it, and serves all of them. */
import type { Broker } from "../../servers/cluster/broker/broker.ts";
import { brokerNamed, brokers } from "../../servers/cluster/brokers/brokers.ts";
import { startMemoryHub } from "../../servers/cluster/memory-hub/program.ts";
import { startProgram } from "../../servers/programs/program.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import type { RunningProgram } from "../../servers/programs/running-program.ts";
import { requireLibraries } from "../environment/environment.ts";

export class ProgramPool implements AsyncDisposable {
  readonly #programs = new Map<string, Promise<RunningProgram>>();

  /** The program behind a broker, running. Rejects with `component-missing` where it is not installed. */
  serverOf(broker: string): Promise<RunningProgram> {
    const { component } = brokerNamed(broker).traits;
    return component === undefined
      ? this.#running(broker, () => startMemoryHub())
      : this.#broker(brokerNamed(broker), component);
  }

  /** Each configuration of a broker has a program of its own, started as its traits promise. */
  async #broker({ traits: { name, libraries, durability } }: Broker, component: string): Promise<RunningProgram> {
    requireLibraries(name, libraries);
    return await this.#running(name, () => startProgram(programNamed(component), { fsync: durability.fsync }));
  }

  /** A real program that is no broker here. Rejects with `component-missing` where it, or a library that talks to it, is not installed. */
  async program(name: string): Promise<RunningProgram> {
    const clients = brokers.filter(({ traits }) => traits.component === name);
    requireLibraries(name, [...new Set(clients.flatMap(({ traits }) => traits.libraries))]);
    return await this.#running(`program ${name}`, () => startProgram(programNamed(name)));
  }

  async #running(name: string, start: () => Promise<RunningProgram>): Promise<RunningProgram> {
    const known = this.#programs.get(name);
    if (known !== undefined) {
      const program = await known;
      if (program.pid !== undefined) return program;
      // An experiment left it dead: the next one must not pay for that.
      await program.stop();
    }
    const started = start();
    this.#programs.set(name, started);
    // A program that would not start may do so for the next rig.
    started.catch(() => this.#programs.delete(name));
    return await started;
  }

  /** Starts what these brokers need side by side, ahead of the first rig; what fails will fail again when it is needed. */
  async prepare(brokers: readonly string[]): Promise<void> {
    await Promise.allSettled(brokers.map((broker) => (broker === "none" ? undefined : this.serverOf(broker))));
  }

  /** Ends what was started; never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    const programs = [...this.#programs.values()];
    this.#programs.clear();
    await Promise.all(programs.map((program) => program.then((running) => running.stop()).catch(() => {})));
  }
}
