/** A process that is some of the users of a run. */

import { trustCertificate } from "../../../clients/connection/trust.ts";
import type { WindowOrder } from "../../../load/flows/window.ts";
import type { WireBytes } from "../../../load/metering/wire-bytes.ts";
import { exchangeClient } from "../../../load/users/built-exchanges.ts";
import { type Connected, type ConnectOrder, type GeneratorWindow, Users } from "../../../load/users/users.ts";
import type { ClientKind } from "../../../protocol/contract.ts";
import type { ExchangeName } from "../../../protocol/exchanges.ts";
import { type ConformanceResult, type ConformanceTarget, checkConformance } from "../../conformance/suite.ts";
import { loadClient, loadServer } from "../../targets/protocol-modules.ts";
import { announce, answerCalls } from "./remote.ts";

/** With what a target is spoken to. */
export interface GeneratorOrder {
  protocol: string;
  client: ClientKind;
  /** What the process is to trust besides what it does anyway, as PEM. */
  certificate?: string | undefined;
}

/** What a connection is. */
export interface Between {
  /** Absent: one user and what the server answers. */
  exchange?: ExchangeName;
}

const users = new Users((reason) => announce("broken", reason));

const api = {
  /** `client` is of a kind that the protocol has. */
  async connect({
    protocol,
    client: kind,
    certificate,
    exchange,
    ...order
  }: ConnectOrder & GeneratorOrder & Between): Promise<Connected> {
    trustCertificate(certificate);
    const client = await loadClient(protocol, kind);
    return await users.connect(exchange === undefined ? client : exchangeClient(client, exchange), order);
  },
  prepare: async (window: WindowOrder): Promise<void> => users.prepare(window),
  send: (): Promise<void> => users.send(),
  halt: async (): Promise<void> => users.halt(),
  collect: ({ drainMs }: { drainMs: number }): Promise<GeneratorWindow> => users.collect(drainMs),
  /** Since the process began, all its connections together. */
  wireBytes: async (): Promise<WireBytes> => users.wireBytes,
  disconnect: (): Promise<void> => users.disconnect(),
  async verify(order: ConformanceTarget & GeneratorOrder): Promise<ConformanceResult[]> {
    trustCertificate(order.certificate);
    const [server, client] = await Promise.all([loadServer(order.protocol), loadClient(order.protocol, order.client)]);
    return await checkConformance({ server, client }, order);
  },
};

export type GeneratorApi = typeof api;

answerCalls(api);
