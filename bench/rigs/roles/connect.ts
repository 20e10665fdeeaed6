/** Comes for the first time, again and again: a new connection, a first message, its echo. */
import { forgetScramKeys } from "../../../clients/xmpp/scram.ts";
import { type TlsHandshakes, WireByteCounter } from "../../../load/metering/wire-bytes.ts";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { connectAlone } from "../../../load/users/lone-client.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { Options } from "../../../protocol/contract.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

export interface ConnectOrder {
  readonly url: string;
  readonly protocol: string;
  readonly options: Options;
  /** One after the other. */
  readonly connections: number;
  readonly payloadBytes: number;
  /** Sent one after the other, each after the echo of the one before; the last one's ends the time. 1 unless something is to be wrong. */
  readonly messages: number;
}

export interface ConnectReport {
  /** Encoded. */
  readonly coldStart: string;
  /** Of this order's connections. */
  readonly tlsHandshakes: TlsHandshakes;
}

const counter = new WireByteCounter();

export const connect: Role<ConnectOrder, ConnectReport> = {
  name: "connect",
  async run({ url, protocol, options, connections, payloadBytes, messages }) {
    learnSecrets(url);
    const client = await loadClient(protocol, "library");
    const before = counter.tlsHandshakes;
    const times = new LatencyHistogram();
    const payload = "x".repeat(payloadBytes);
    for (let count = 0; count < connections; count++) {
      forgetScramKeys();
      const startNs = nowNs();
      const user = await connectAlone(client, { url, options });
      let endNs = startNs;
      for (let message = 0; message < messages; message++) endNs = (await user.echo(payload)).at;
      times.record(endNs - startNs);
      await user.close();
    }
    const { full, resumed } = counter.tlsHandshakes;
    return {
      coldStart: times.encode(),
      tlsHandshakes: { full: full - before.full, resumed: resumed - before.resumed },
    };
  },
};
