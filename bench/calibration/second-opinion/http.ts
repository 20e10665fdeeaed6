import { execFile } from "node:child_process";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { defaultLimits } from "../../../protocol/contract.ts";
import { RemoteProcess } from "../../rigs/processes/remote.ts";
import { ForkedChild } from "./forked-child.ts";
import type { HttpGeneratorApi } from "./http-generator.ts";
import type { HttpServerOrder } from "./http-server.ts";
import { type LoopResult, type LoopShape, timing } from "./loop.ts";

const patienceMs = 30_000;

/** The harness's load generator and recorder over one request, one response. */
export async function httpWithHarness(
  { connections, inFlight }: LoopShape,
  seed: number,
  { payloadBytes, warmupMs, durationMs } = timing,
  delayMs = 0,
): Promise<LoopResult> {
  await using server = new ForkedChild("http-server", import.meta.url);
  const url = await server.ask<string>({ delayMs } satisfies HttpServerOrder);
  const generator = new RemoteProcess<HttpGeneratorApi>(
    "load generator",
    "../../calibration/second-opinion/http-generator",
  );
  try {
    const codec = { kind: "text", payloadBytes, seed } as const;
    const order = { url, connections, firstUser: 0, codec, options: {}, limits: defaultLimits };
    await generator.call("connect", order, patienceMs);
    const rampUpStartNs = nowNs() + 10e6;
    const startNs = rampUpStartNs + warmupMs * 1e6;
    const endNs = startNs + durationMs * 1e6;
    const flows = { roundTrip: { kind: "closed", inFlight } } as const;
    const window = { name: "loop", flows, index: 1, rampUpStartNs, startNs, endNs, connections, seed };
    await generator.call("prepare", window, patienceMs);
    await generator.call("send", undefined, patienceMs);
    const { roundTrip } = (await generator.call("collect", { drainMs: 2000 }, patienceMs)).flows;
    const p50Us = LatencyHistogram.decode(roundTrip!.service!).percentileNs(50) / 1000;
    return { ratePerSecond: (roundTrip!.receivedInWindow * 1000) / durationMs, p50Us };
  } finally {
    await generator.stop();
  }
}

/** autocannon in closed loop, its warm-up apart; it records whole milliseconds, so it has no p50 for a fast server. */
export async function httpWithAutocannon(
  { connections }: LoopShape,
  { payloadBytes, warmupMs, durationMs } = timing,
  delayMs = 0,
): Promise<LoopResult> {
  await using server = new ForkedChild("http-server", import.meta.url);
  const url = await server.ask<string>({ delayMs } satisfies HttpServerOrder);
  const program = join(dirname(findPackageJSON("autocannon", import.meta.url)!), "autocannon.js");
  const run = async (runMs: number): Promise<{ requests: { average: number } }> => {
    const load = ["-c", String(connections), "-d", String(runMs / 1000), "-m", "POST"];
    const body = ["-b", "x".repeat(payloadBytes), "-H", "content-type=application/json"];
    const { stdout } = await promisify(execFile)(process.execPath, [program, "-j", ...load, ...body, url]);
    return JSON.parse(stdout) as { requests: { average: number } };
  };
  // It takes whole seconds only.
  await run(Math.ceil(warmupMs / 1000) * 1000);
  return { ratePerSecond: (await run(durationMs)).requests.average };
}
