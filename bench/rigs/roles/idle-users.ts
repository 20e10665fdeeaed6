/** Users who connect and say nothing, and notice or do not notice that the server has gone silent. */
import { trustCertificate } from "../../../clients/connection/trust.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { type ClientConnection, defaultLimits, type Options } from "../../../protocol/contract.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

export type IdleUsersOrder =
  | {
      readonly step: "connect";
      readonly url: string;
      readonly certificate: string | undefined;
      readonly protocol: string;
      readonly options: Options;
      readonly users: number;
      /** They come one after the other, evenly spread over so long. */
      readonly overMs: number;
    }
  | { readonly step: "leave" }
  | { readonly step: "tell" };

export interface IdleUsersReport {
  /** When connections of those who are here ended unasked, in nanoseconds of the host's monotonic clock. */
  readonly endsNs: readonly number[];
}

const connectWaitMs = 20_000;

let connections: ClientConnection[] = [];
let endsNs: number[] = [];

export const idleUsers: Role<IdleUsersOrder, IdleUsersReport> = {
  name: "idle-users",
  async run(order) {
    if (order.step === "connect") await connect(order);
    else if (order.step === "leave") {
      const leaving = connections;
      connections = [];
      await Promise.all(leaving.map((connection) => connection.close()));
      endsNs = [];
    }
    return { endsNs };
  },
};

async function connect({
  url,
  certificate,
  protocol,
  options,
  users,
  overMs,
}: Extract<IdleUsersOrder, { step: "connect" }>): Promise<void> {
  learnSecrets(url);
  trustCertificate(certificate);
  const client = await loadClient(protocol, "library");
  const startNs = nowNs();
  const coming = Array.from({ length: users }, async (_, user) => {
    const dueMs = (user / users) * overMs - (nowNs() - startNs) / 1e6;
    await new Promise((resolve) => setTimeout(resolve, dueMs));
    const connection = await client.connect({
      url,
      options,
      limits: defaultLimits,
      user,
      signal: AbortSignal.timeout(connectWaitMs),
      onMessage: () => {},
    });
    void connection.closed.then(() => {
      if (connections.includes(connection)) endsNs.push(nowNs());
    });
    return connection;
  });
  connections = await Promise.all(coming);
}
