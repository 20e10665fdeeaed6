/** One trial of the idle scenario: users connect step by step, memory is read at each, and then all only stay. */

import { nowNs } from "../../protocol/clock.ts";
import { defaultLimits as limits } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import type { IdleTrial, Trial } from "../../results/contract/results.ts";
import type { GeneratorApi } from "../rigs/processes/generator.ts";
import { RemoteProcess } from "../rigs/processes/remote.ts";
import type { ServerApi } from "../rigs/processes/server.ts";
import { ServerWatch } from "../rigs/server-watch.ts";
import type { CellPlan } from "./plan.ts";
import type { TrialOptions, TrialOutcome } from "./trial.ts";

const callWaitMs = 20_000;
/** For one connection of many, on a machine that other trials use too. */
const connectMs = 100;
/** Handshakes under way at a time: nobody times them. */
const atOnce = 8;

export async function runIdleTrial(plan: CellPlan, options: TrialOptions): Promise<TrialOutcome> {
  const trial: Trial = { trial: options.trial, state: "partial", startedAt: new Date().toISOString(), windows: [] };
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const fail = (reason: unknown): void => reject(new Error(String(reason)));
  failed.catch(() => {});
  const { target } = plan;
  const server = target.url === undefined ? new RemoteProcess<ServerApi>("server", "server") : undefined;
  const generator = new RemoteProcess<GeneratorApi>("load generator", "generator", (event, value) => {
    // A broken connection is mostly the echo of a server's death, which says more: give that a moment to be heard.
    if (event === "broken") setTimeout(fail, 100, value);
  });
  for (const child of [server, generator]) void child?.exited.then(fail);
  const onAbort = (): void => fail("interrupted");
  options.signal.addEventListener("abort", onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  try {
    await Promise.race([watchIdle(plan, options.seed, trial, server, generator), failed]);
    trial.state = "complete";
    return { trial };
  } catch (error) {
    return { trial, failure: describeError(error) };
  } finally {
    options.signal.removeEventListener("abort", onAbort);
    await Promise.all([server?.stop(), generator.stop()]);
  }
}

async function watchIdle(
  { target, scenario, identity: { protocol, parameters } }: CellPlan,
  seed: number,
  trial: Trial,
  server: RemoteProcess<ServerApi> | undefined,
  generator: RemoteProcess<GeneratorApi>,
): Promise<void> {
  const { connectionSteps = [], settleMs, durationMs, pollIntervalMs = 1, payloadBytes, payloadKind } = parameters;
  const codec = { kind: payloadKind, payloadBytes, seed };
  const { service } = scenario;
  const listening = { protocol, codec, host: "127.0.0.1", port: 0, limits, service };
  const url = target.url ?? (await server!.call("listen", listening, callWaitMs)).url;
  const watch = new ServerWatch(target, server);
  if (watch.unseen !== undefined) trial.serverUnseen = watch.unseen;

  const memory: IdleTrial["memory"] = [];
  let firstUser = 0;
  for (const step of connectionSteps) {
    const connections = step - firstUser;
    const order = { protocol, url, connections, firstUser, codec, pollIntervalMs, limits, atOnce };
    await generator.call("connect", order, callWaitMs + connections * connectMs);
    firstUser = step;
    await rest(settleMs);
    await server?.call("collectGarbage", undefined, callWaitMs);
    const serverBytes = watch.memoryBytes();
    memory.push({ connections: step, ...(serverBytes !== undefined && { serverBytes }) });
  }

  const startNs = nowNs();
  const meter = watch.meter({ startNs, endNs: startNs + durationMs * 1e6 });
  const before = await generator.call("wireBytes", undefined, callWaitMs);
  await meter.ended;
  const after = await generator.call("wireBytes", undefined, callWaitMs);
  const use = meter.read();
  trial.idle = {
    freshServer: server !== undefined,
    memory,
    durationMs,
    ...(use && { serverCpuUs: use.cpuUs }),
    wireBytes: { sent: after.sent - before.sent, received: after.received - before.received },
  };
  await generator.call("disconnect", undefined, callWaitMs);
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
