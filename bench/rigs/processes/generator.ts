/** A process that is some of the users of a run. */

import type { WindowOrder } from "../../../load/flows/window.ts";
import type { WireBytes } from "../../../load/metering/wire-bytes.ts";
import { type Connected, type ConnectOrder, type GeneratorWindow, Users } from "../../../load/users/users.ts";
import type { ClientKind } from "../../../protocol/contract.ts";
import { type ConformanceResult, type ConformanceTarget, checkConformance } from "../../conformance/suite.ts";
import { loadClient, loadServer } from "../../targets/protocol-modules.ts";
import { announce, answerCalls } from "./remote.ts";

const users = new Users((reason) => announce("broken", reason));

const api = {
  /** `client` is of a kind that the protocol has. */
  connect: async ({
    protocol,
    client,
    ...order
  }: ConnectOrder & { protocol: string; client: ClientKind }): Promise<Connected> =>
    await users.connect(await loadClient(protocol, client), order),
  prepare: async (window: WindowOrder): Promise<void> => users.prepare(window),
  send: (): Promise<void> => users.send(),
  halt: async (): Promise<void> => users.halt(),
  collect: ({ drainMs }: { drainMs: number }): Promise<GeneratorWindow> => users.collect(drainMs),
  /** Since the process began, all its connections together. */
  wireBytes: async (): Promise<WireBytes> => users.wireBytes,
  disconnect: (): Promise<void> => users.disconnect(),
  async verify(order: ConformanceTarget & { protocol: string; client: ClientKind }): Promise<ConformanceResult[]> {
    const [server, client] = await Promise.all([loadServer(order.protocol), loadClient(order.protocol, order.client)]);
    return await checkConformance({ server, client }, order);
  },
};

export type GeneratorApi = typeof api;

answerCalls(api);
