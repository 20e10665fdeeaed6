/** One more user of a rig's server, in a process of its own: somebody else, who asks for other things or stops reading. */
import type { Load } from "../../load/flows/traffic.ts";
import type { ConnectOrder, GeneratorWindow } from "../../load/users/users.ts";
import { nowNs } from "../../protocol/clock.ts";
import type { Between, GeneratorApi, GeneratorOrder } from "./processes/generator.ts";
import { RemoteProcess } from "./processes/remote.ts";

const connectWaitMs = 60_000;
/** Beyond its own plan. */
const graceMs = 15_000;
/** From the order to the first message. */
const leadMs = 20;

export class UserAside implements AsyncDisposable {
  readonly #process: RemoteProcess<GeneratorApi>;
  readonly #ended = Promise.withResolvers<string>();
  #windows = 0;

  /** `died` hears of a process that ends unasked. */
  constructor(name: string, died: (sentence: string) => void) {
    this.#process = new RemoteProcess<GeneratorApi>(name, "generator", (event, value) => {
      if (event === "broken") this.#ended.resolve(String(value));
    });
    void this.#process.exited.then(died);
  }

  /** Resolves with how its connection ended, as a sentence, where that was not its own doing. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  async connect(order: Omit<ConnectOrder, "connections"> & GeneratorOrder & Between): Promise<void> {
    await this.#process.call("connect", { ...order, connections: 1 }, connectWaitMs);
  }

  /** Sends what is to be echoed for so long, and tells how that went after waiting up to `drainMs` for the rest. */
  async echo(load: Load, durationMs: number, drainMs: number, seed: number): Promise<GeneratorWindow> {
    const startNs = nowNs() + leadMs * 1e6;
    const endNs = startNs + durationMs * 1e6;
    const index = ++this.#windows;
    const flows = { roundTrip: load };
    const order = { name: "echo", flows, index, rampUpStartNs: startNs, startNs, endNs, connections: 1, seed };
    await this.#process.call("prepare", order, graceMs);
    await this.#process.call("send", undefined, durationMs + graceMs);
    return await this.#process.call("collect", { drainMs }, drainMs + graceMs);
  }

  /** Reads nothing from here on, as a process that is busy or suspended; what the kernel does for it goes on. */
  freeze(): void {
    this.#process.signal("SIGSTOP");
  }

  thaw(): void {
    this.#process.signal("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.#process.stop();
  }
}
