/** A system behind a proxy that has many ways to it: one for each set of settings that is tried. */
import { addressOf } from "../../protocol/address.ts";
import type { ShippedProxy } from "../../servers/proxies/proxy.ts";
import { type RunningProxy, startProxy } from "../../servers/proxies/start.ts";
import { through } from "../relay/way.ts";
import type { RigContext } from "./rig.ts";
import type { SystemOrder } from "./system.ts";
import { SystemRig } from "./system-rig.ts";

export interface ProxyRigOrder extends Omit<SystemOrder, "programs"> {
  readonly proxy: ShippedProxy;
  /** Names of settings of each way that is tried. */
  readonly tried: readonly (readonly string[])[];
  /** Of the way whose cost is measured: a process of its own, with the time-outs that are shipped or set. */
  readonly configured: readonly string[];
  /** Of the ways that are tried: see `ProxySetup`. */
  readonly timeScale: number;
}

export class ProxyRig extends SystemRig {
  #tried: RunningProxy | undefined;
  #configured: RunningProxy | undefined;

  static async behind(order: ProxyRigOrder, context: RigContext): Promise<ProxyRig> {
    const rig = new ProxyRig(context);
    try {
      await rig.start(order, context);
      await rig.unlessFailed(rig.#startProxies(order, context));
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #startProxies({ proxy, tried, configured, timeScale }: ProxyRigOrder, { signal }: RigContext): Promise<void> {
    const { host, port } = addressOf(this.system.url);
    const common = { server: `${host}:${port}`, signal, died: this.died };
    const starts = [
      startProxy(proxy, { ...common, ways: tried, timeScale }),
      startProxy(proxy, { ...common, ways: [configured], timeScale: 1 }),
    ];
    // Where one fails, the other must have started, or nobody would end it.
    for (const start of await Promise.allSettled(starts)) if (start.status === "fulfilled") this.own(start.value);
    const [first, second] = (await Promise.all(starts)) as [RunningProxy, RunningProxy];
    this.#tried = first;
    this.#configured = second;
  }

  /** In the order in which they were asked for. */
  get ways(): string[] {
    return this.#tried!.ports.map((port) => through(this.system.url, port));
  }

  get configured(): { readonly url: string; readonly pids: readonly number[] } {
    const { ports, pids } = this.#configured!;
    return { url: through(this.system.url, ports[0]!), pids };
  }
}
