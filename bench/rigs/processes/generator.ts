/** A process that is some of the users of a run. */

import type { WindowOrder } from "../../../load/flows/window.ts";
import type { WireBytes } from "../../../load/metering/wire-bytes.ts";
import { type Connected, type ConnectOrder, type GeneratorWindow, Users } from "../../../load/users/users.ts";
import { type ConformanceResult, type ConformanceTarget, checkConformance } from "../../conformance/suite.ts";
import { protocolNamed } from "../../targets/protocols.ts";
import { announce, answerCalls } from "./remote.ts";

const users = new Users((reason) => announce("broken", reason));

const api = {
  connect: ({ protocol, ...order }: ConnectOrder & { protocol: string }): Promise<Connected> =>
    users.connect(protocolNamed(protocol).client, order),
  begin: (window: WindowOrder): Promise<void> => users.begin(window),
  halt: async (): Promise<void> => users.halt(),
  collect: ({ drainMs }: { drainMs: number }): Promise<GeneratorWindow> => users.collect(drainMs),
  /** Since the process began, all its connections together. */
  wireBytes: async (): Promise<WireBytes> => users.wireBytes,
  disconnect: (): Promise<void> => users.disconnect(),
  verify: (order: ConformanceTarget & { protocol: string }): Promise<ConformanceResult[]> =>
    checkConformance(protocolNamed(order.protocol), order),
};

export type GeneratorApi = typeof api;

answerCalls(api);
