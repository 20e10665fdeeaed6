/** A system behind a proxy that has many ways to it: one for each set of settings that is tried. */
import { addressOf } from "../../protocol/address.ts";
import { freePorts } from "../../servers/programs/free-ports.ts";
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
  /** Of one more way, which compresses. */
  readonly compressed?: readonly string[];
  /** Whether there are ways, as shipped, to servers that fail. */
  readonly failing?: boolean;
  /** Of the way whose cost is measured: a process of its own, with the time-outs that are shipped or set. */
  readonly configured: readonly string[];
  /** Of the ways that are tried: see `ProxySetup`. */
  readonly timeScale: number;
}

export class ProxyRig extends SystemRig {
  #tried: RunningProxy | undefined;
  #failingPorts: readonly number[] = [];
  #order: ProxyRigOrder | undefined;
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

  async #startProxies(order: ProxyRigOrder, { signal }: RigContext): Promise<void> {
    const { proxy, tried, compressed, failing, configured, timeScale } = order;
    this.#order = order;
    // Nobody listens there yet, and a proxy does not ask.
    this.#failingPorts = failing ? await freePorts(2) : [];
    const servers = this.#failingPorts.map((own) => `127.0.0.1:${own}`);
    const ways = [
      ...tried.map((settings) => ({ settings })),
      ...(compressed ? [{ settings: compressed }] : []),
      ...(failing
        ? [
            { settings: [], servers },
            { settings: [], servers },
          ]
        : []),
    ];
    const { host, port } = addressOf(this.system.url);
    const common = { server: `${host}:${port}`, signal, died: this.died };
    const starts = [
      startProxy(proxy, { ...common, ways, timeScale }),
      startProxy(proxy, { ...common, ways: [{ settings: configured }], timeScale: 1 }),
    ];
    // Where one fails, the other must have started, or nobody would end it.
    for (const start of await Promise.allSettled(starts)) if (start.status === "fulfilled") this.own(start.value);
    const [first, second] = (await Promise.all(starts)) as [RunningProxy, RunningProxy];
    this.#tried = first;
    this.#configured = second;
  }

  /** Those that are tried, in the order in which they were asked for. */
  get ways(): string[] {
    return this.#urls.slice(0, this.#order!.tried.length);
  }

  get compressed(): string | undefined {
    const { tried, compressed } = this.#order!;
    return compressed && this.#urls[tried.length];
  }

  /** Where servers that fail must listen, and a way to them for each method. */
  get failing(): { readonly ports: readonly number[]; readonly GET: string; readonly POST: string } | undefined {
    if (this.#order!.failing !== true) return undefined;
    const [GET, POST] = this.#urls.slice(-2) as [string, string];
    return { ports: this.#failingPorts, GET, POST };
  }

  get #urls(): string[] {
    return this.#tried!.ports.map((port) => through(this.system.url, port));
  }

  get configured(): { readonly url: string; readonly pids: readonly number[] } {
    const { ports, pids } = this.#configured!;
    return { url: through(this.system.url, ports[0]!), pids };
  }
}
