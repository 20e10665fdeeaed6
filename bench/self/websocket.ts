import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { summarise } from "../../reports/summary.ts";
import { planCells, presets } from "../plan.ts";
import { throughput } from "../scenarios/throughput.ts";
import { runTrial } from "../trial.ts";
import type { LoopOrder, LoopResult, LoopShape } from "./loop.ts";

export const timing = { payloadBytes: 256, warmupMs: 1000, durationMs: 2000 } as const;

/** The harness as a run uses it: its server process, its load-generator process, its throughput scenario. */
export async function websocketWithHarness(shape: LoopShape, seed: number): Promise<LoopResult> {
  const settings = { ...presets.quick, ...timing, ...shape };
  const [cell] = planCells([{ label: "websocket", protocol: "websocket" }], [throughput], settings);
  const { trial, failure } = await runTrial(cell!, { trial: 1, seed, signal: new AbortController().signal });
  if (failure !== undefined) throw new Error(failure);
  const { achievedRatePerSecond, roundTripP50Us } = summarise([trial], cell!.identity.parameters);
  return { ratePerSecond: achievedRatePerSecond!.value, p50Us: roundTripP50Us!.value };
}

/** The hand-written loop, in as many processes as the harness has. */
export async function websocketByHand(shape: LoopShape): Promise<LoopResult> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const entry = fileURLToPath(new URL(`./bare-websocket.${extension}`, import.meta.url));
  const [server, client] = [fork(entry), fork(entry)];
  try {
    const url = await ask<string>(server, "serve");
    return await ask<LoopResult>(client, { url, ...timing, ...shape } satisfies LoopOrder);
  } finally {
    for (const child of [server, client]) child.disconnect();
    await Promise.all([server, client].map((child) => child.exitCode ?? once(child, "exit")));
  }
}

async function ask<T>(child: ChildProcess, order: string | LoopOrder): Promise<T> {
  child.send(order);
  const [answer] = await once(child, "message");
  return answer as T;
}
