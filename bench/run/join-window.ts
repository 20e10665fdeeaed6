/** One window as its processes saw it, each from its end, made into one result. */

import type { FlowRecords } from "../../load/behaviours/service.ts";
import { type FlowRecord, mergeFlows } from "../../load/flows/flow.ts";
import type { WindowOrder } from "../../load/flows/window.ts";
import type { GeneratorWindow } from "../../load/users/users.ts";
import type { Flow, FlowName, Load, ProcessUse, ServerUse, Window } from "../../results/contract/results.ts";
import type { ServerWindow } from "../rigs/processes/server.ts";

/** What /proc says of a server. */
export type SeenUse = Pick<ServerUse, "cpuUs" | "cpuSource" | "rssBytes">;

/** Adds up what the processes of a trial saw of one window. */
export function joinWindow(
  order: WindowOrder,
  durationMs: number,
  server: ServerWindow | undefined,
  seen: SeenUse | undefined,
  generators: readonly GeneratorWindow[],
): Window {
  const flows: Window["flows"] = {};
  for (const [name, load] of Object.entries(order.flows) as [FlowName, Load][]) {
    const halves = [server?.flows, ...generators.map((generator) => generator.flows)];
    flows[name] = joinFlow(
      load,
      durationMs,
      mergeFlows(halves.flatMap((half: FlowRecords | undefined) => half?.[name] ?? [])),
    );
  }
  const sum = (pick: (window: GeneratorWindow) => number): number =>
    generators.reduce((total, window) => total + pick(window), 0);
  return {
    name: order.name,
    durationMs,
    flows,
    wireBytes: {
      sent: sum(({ wireBytes }) => wireBytes.sent),
      received: sum(({ wireBytes }) => wireBytes.received),
      messages: sum(({ wireBytes }) => wireBytes.messages),
    },
    ...((server || seen) && {
      server: joinServer(
        server?.use,
        seen,
        sum(({ use }) => use.messages),
      ),
    }),
    generators: generators.map(({ use }) => use),
  };
}

/** CPU time as seen from outside where it can be, so that all servers are measured alike; the rest only ours can tell. */
const joinServer = (own: ProcessUse | undefined, seen: SeenUse | undefined, echoed: number): ServerUse => ({
  ...(own ?? { cpuUs: 0, messages: echoed }),
  ...seen,
});

/** What was sent and is neither received nor known to be lost was still on the way: censored. */
function joinFlow(load: Load, durationMs: number, { ledger, receivedInWindow, ...histograms }: FlowRecord): Flow {
  const censoredMessages = Math.max(0, ledger.sentMessages - ledger.receivedMessages - ledger.lostMessages);
  return {
    load,
    achievedRatePerSecond: (receivedInWindow * 1000) / durationMs,
    histograms,
    ledger: { ...ledger, censoredMessages },
  };
}
