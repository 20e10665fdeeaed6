import { summarise } from "../../../results/summary/summary.ts";
import { throughput } from "../../experiments/throughput.ts";
import { planCells, presets } from "../../run/plan.ts";
import { runTrial } from "../../run/trial.ts";
import { ForkedChild } from "../second-opinion/forked-child.ts";
import { type LoopOrder, type LoopResult, type LoopShape, timing } from "../second-opinion/loop.ts";

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
  await using server = new ForkedChild("bare-websocket", import.meta.url);
  await using client = new ForkedChild("bare-websocket", import.meta.url);
  const url = await server.ask<string>("serve");
  return await client.ask<LoopResult>({ url, ...timing, ...shape } satisfies LoopOrder);
}
