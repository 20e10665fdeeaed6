import { clusterPresets } from "../../experiments/cluster/presets.ts";
import { presets } from "../../experiments/comparison/presets.ts";
import { throughput } from "../../experiments/throughput.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { runSet } from "../../run/set.ts";
import { parseTarget } from "../../targets/target.ts";
import { ForkedChild } from "../second-opinion/forked-child.ts";
import { type LoopOrder, type LoopResult, type LoopShape, timing } from "../second-opinion/loop.ts";

const cheapServer = (): ForkedChild => new ForkedChild("cheap-echo", import.meta.url);

/** The load generator as a run uses it: its process, its throughput experiment, its default client. */
export async function websocketWithHarness(shape: LoopShape, seed: number): Promise<LoopResult> {
  await using server = cheapServer();
  const target = parseTarget(`websocket=${await server.ask<string>("serve")}`);
  const traffic = { ...presets.quick.settings, ...timing, ...shape };
  const [cell] = throughput.cells({ targets: [target], traffic, cluster: clusterPresets.quick });
  await using programs = new ProgramPool();
  const context = { trial: 1, seed, signal: new AbortController().signal, programs };
  const [result] = await runSet([{ experiment: throughput, cell: cell! }], context);
  if (result!.failure !== undefined) throw new Error(result!.failure.reason);
  const { achievedRatePerSecond, roundTripP50Us } = result!.trial.measures;
  return { ratePerSecond: achievedRatePerSecond!, p50Us: roundTripP50Us! };
}

/** The hand-written loop in a process of its own, against the same server. */
export async function websocketByHand(shape: LoopShape): Promise<LoopResult> {
  await using server = cheapServer();
  await using client = new ForkedChild("bare-websocket", import.meta.url);
  const url = await server.ask<string>("serve");
  return await client.ask<LoopResult>({ url, ...timing, ...shape } satisfies LoopOrder);
}
