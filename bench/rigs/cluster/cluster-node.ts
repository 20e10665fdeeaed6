/** One node of a cluster as the driver holds it: a process on fixed ports that can be killed, frozen and started again. */
import { WirebenchError } from "../../../protocol/errors.ts";
import type { BrokerStatus } from "../../../servers/cluster/broker/broker.ts";
import type { ClusterNodeApi } from "../processes/cluster-node.ts";
import type { NodeEvents, NodeOrder } from "../processes/node-api.ts";
import { RemoteProcess } from "../processes/remote.ts";

const startWaitMs = 60_000;
const answerWaitMs = 20_000;

export class ClusterNode {
  readonly name: string;
  readonly port: number;
  readonly readyPort: number;
  /** Called when the process ends although nobody asked for it. */
  onDeath: (sentence: string) => void = () => {};
  /** Called on every change of its link to the broker. */
  onBrokerStatus: (status: BrokerStatus) => void = () => {};
  readonly #order: NodeOrder;
  #process: RemoteProcess<ClusterNodeApi, NodeEvents> | undefined;
  #url: string | undefined;
  #frozen = false;

  constructor(order: NodeOrder) {
    this.name = order.node;
    this.port = order.port;
    this.readyPort = order.readyPort;
    this.#order = order;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  /** Where it listens itself; what users are given names the load balancer instead. */
  get url(): string {
    if (this.#url === undefined) throw new WirebenchError("process-failed", `${this.name} has not been started`);
    return this.#url;
  }

  /** Resolves when the node listens and has its broker's subscription. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new WirebenchError("usage", `${this.name} runs already`);
    const process = new RemoteProcess<ClusterNodeApi, NodeEvents>(this.name, "cluster-node", (_, status) =>
      this.onBrokerStatus(status),
    );
    this.#process = process;
    this.#frozen = false;
    void process.exited.then((sentence) => {
      if (this.#process !== process) return;
      this.#process = undefined;
      this.onDeath(sentence);
    });
    ({ url: this.#url } = await process.call("start", this.#order, startWaitMs));
  }

  call<Method extends keyof ClusterNodeApi & string>(
    method: Method,
    argument: Parameters<ClusterNodeApi[Method]>[0],
    timeoutMs = answerWaitMs,
  ): Promise<Awaited<ReturnType<ClusterNodeApi[Method]>>> {
    if (this.#process === undefined) throw new WirebenchError("process-failed", `${this.name} does not run`);
    return this.#process.call(method, argument, timeoutMs);
  }

  /** As a crash; resolves when the process is gone. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    process?.signal("SIGKILL");
    await process?.exited;
  }

  freeze(): void {
    this.#frozen = true;
    this.#process?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#frozen = false;
    this.#process?.signal("SIGCONT");
  }

  /** Idempotent; a frozen one ends too. */
  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    process?.signal("SIGCONT");
    await process?.stop();
  }
}
