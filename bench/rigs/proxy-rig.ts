/** A system behind a proxy that has many ways to it: one for each set of settings that is tried. */
import { addressOf } from "../../protocol/address.ts";
import type { Route, ShippedProxy } from "../../servers/proxies/proxy.ts";
import { type RunningProxy, startProxy } from "../../servers/proxies/start.ts";
import { through } from "../relay/way.ts";
import type { Target } from "../targets/target.ts";
import type { RigContext } from "./rig.ts";
import { type FailingOrder, FailingServers, type Requests } from "./roles/ways/failing.ts";
import { openSystem, type RunningSystem, type SystemOrder } from "./system.ts";
import { SystemRig } from "./system-rig.ts";

export interface ProxyRigOrder extends Omit<SystemOrder, "programs"> {
  readonly proxy: ShippedProxy;
  /** What answers behind it, where TLS ends at the proxy: the target itself then is there as the direct way. */
  readonly behind?: Target;
  /** Names of settings of each way that is tried. */
  readonly tried: readonly (readonly string[])[];
  /** Of one more way, which compresses. */
  readonly compressed?: readonly string[];
  /** Of one more way, for WebSocket over HTTP/2. */
  readonly extended?: readonly string[];
  /** The same server with a heartbeat of its own, and the settings of a way to it. */
  readonly beating?: { readonly target: Target; readonly settings: readonly string[] };
  /** Whether there are ways, as shipped, to servers that fail. */
  readonly failing?: boolean;
  /** Of the way whose cost is measured: a process of its own, with the time-outs that are shipped or set. */
  readonly configured: readonly string[];
  /** Of the ways that are tried: see `ProxySetup`. */
  readonly timeScale: number;
}

/** URLs of ways to the system. */
export interface ProxyWays {
  /** In the order in which they were asked for. */
  readonly tried: readonly string[];
  readonly compressed?: string;
  readonly extended?: string;
  /** What users must trust who come by one of them. */
  readonly certificates: readonly string[];
  /** To the server with a heartbeat. */
  readonly beating?: string;
  /** To servers that fail. */
  readonly failing?: FailingOrder;
  /** The processes of this one carry nothing else. */
  readonly configured: { readonly url: string; readonly pids: readonly number[] };
}

export class ProxyRig extends SystemRig {
  #ways: ProxyWays | undefined;
  #failing: FailingServers | undefined;

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

  async #startProxies(order: ProxyRigOrder, { signal, programs }: RigContext): Promise<void> {
    const { proxy, behind, tried, compressed, extended, beating, failing, configured, timeScale } = order;
    const system = behind === undefined ? this.system : await this.another({ ...order, target: behind });
    if (failing) {
      this.#failing = await this.unlessFailed(FailingServers.listen(2));
      this.own(this.#failing);
    }
    const failingServers = this.#failing?.ports.map((port) => `127.0.0.1:${port}`);
    const beatingSystem =
      beating && (await openSystem({ ...order, target: beating.target, programs }, this.cleanUp, this.died));
    const ways: Omit<Route, "port">[] = tried.map((settings) => ({ settings }));
    /** Its place. */
    const oneMore = (way: Omit<Route, "port">): number => ways.push(way) - 1;
    const places = {
      compressed: compressed && oneMore({ settings: compressed }),
      extended: extended && oneMore({ settings: extended }),
      beating: beatingSystem && oneMore({ settings: beating!.settings, servers: [hostAndPort(beatingSystem.url)] }),
      failing: failingServers && [0, 1].map(() => oneMore({ settings: [], servers: failingServers })),
    };
    const common = {
      server: hostAndPort(system.url),
      endsTls: behind !== undefined,
      signal,
      died: this.died,
    };
    const starts = [
      startProxy(proxy, { ...common, ways, timeScale }),
      startProxy(proxy, { ...common, ways: [{ settings: configured }], timeScale: 1 }),
    ];
    // Where one fails, the other must have started, or nobody would end it.
    for (const start of await Promise.allSettled(starts)) if (start.status === "fulfilled") this.own(start.value);
    const [all, alone] = (await Promise.all(starts)) as [RunningProxy, RunningProxy];
    // Accounts are those of the server behind it, TLS is the target's.
    const { protocol } = new URL(this.system.url);
    const by = ({ url }: RunningSystem, port: number): string => {
      const way = new URL(through(url, port));
      way.protocol = protocol;
      return way.href;
    };
    const urls = all.ports.map((port) => by(system, port));
    this.#ways = {
      certificates: [all, alone].flatMap(({ certificate }) => certificate ?? []),
      tried: urls.slice(0, tried.length),
      ...(places.compressed !== undefined && { compressed: urls[places.compressed]! }),
      ...(places.extended !== undefined && { extended: urls[places.extended]! }),
      ...(beatingSystem && { beating: by(beatingSystem, all.ports[places.beating!]!) }),
      ...(places.failing && {
        failing: { GET: urls[places.failing[0]!]!, POST: urls[places.failing[1]!]! },
      }),
      configured: { url: by(system, alone.ports[0]!), pids: alone.pids },
    };
  }

  /** What has arrived at the servers that fail; absent: there are none. */
  get arrived(): Requests | undefined {
    return this.#failing?.arrived;
  }

  get ways(): ProxyWays {
    return this.#ways!;
  }
}

function hostAndPort(url: string): string {
  const { host, port } = addressOf(url);
  return `${host}:${port}`;
}
