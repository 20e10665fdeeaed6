/** Reads what a broker has kept, as a node would that comes late. */
import { nowNs } from "../../../protocol/clock.ts";
import type { BrokerConnection } from "../../../servers/cluster/broker/broker.ts";
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import type { ClusterRig } from "../../rigs/cluster/cluster-rig.ts";

const lookAgainMs = 50;

export class History implements AsyncDisposable {
  readonly #rig: ClusterRig;
  readonly #connection: BrokerConnection;
  readonly #beginning: string | undefined;

  private constructor(rig: ClusterRig, connection: BrokerConnection) {
    this.#rig = rig;
    this.#connection = connection;
    this.#beginning = connection.position;
  }

  /** Of what is published from now on. */
  static async from(rig: ClusterRig): Promise<History> {
    const connection = await rig.unlessFailed(
      brokerNamed(rig.setup.broker).connect({
        url: rig.broker!.url,
        topic: rig.topic,
        node: "latecomer-0",
        signal: new AbortController().signal,
        onMessage() {},
        onStatus() {},
      }),
    );
    return new History(rig, connection);
  }

  /** So many messages; undefined where there is no history, or it cannot be read within `maxMs`. */
  async messages(maxMs: number): Promise<number | undefined> {
    if (this.#beginning === undefined) return undefined;
    const endNs = nowNs() + maxMs * 1e6;
    while (nowNs() < endNs) {
      const kept = this.#connection.live ? await this.#connection.replay(this.#beginning) : undefined;
      if (kept !== undefined) return kept.length;
      await this.#rig.wait(lookAgainMs);
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}
