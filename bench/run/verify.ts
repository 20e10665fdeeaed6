import { defaultLimits } from "../../protocol/contract.ts";
import type { ConformanceResult } from "../conformance/suite.ts";
import type { GeneratorApi } from "../rigs/processes/generator.ts";
import { RemoteProcess } from "../rigs/processes/remote.ts";
import type { ServerApi } from "../rigs/processes/server.ts";
import type { Target } from "../targets/target.ts";

const startWaitMs = 20_000;
/** For the whole suite; each wait inside it has its own, shorter bound. */
const suiteWaitMs = 120_000;

/** Runs the conformance suite from a load-generator process against the target, as a measurement would. */
export async function verifyTarget(target: Target, signal: AbortSignal): Promise<ConformanceResult[]> {
  const { protocol } = target;
  const foreign = target.url !== undefined;
  const generator = new RemoteProcess<GeneratorApi>("conformance", "generator");
  const server = foreign ? undefined : new RemoteProcess<ServerApi>("server", "server");
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("interrupted")), { once: true });
  });
  interrupted.catch(() => {});
  try {
    const check = async (): Promise<ConformanceResult[]> => {
      const url = target.url ?? (await server!.call("listen", listenOrder(protocol), startWaitMs)).url;
      return await generator.call("verify", { protocol, url, foreign }, suiteWaitMs);
    };
    const serverDied = server?.exited.then((sentence): never => {
      throw new Error(sentence);
    });
    serverDied?.catch(() => {});
    return await Promise.race([check(), interrupted, ...(serverDied ? [serverDied] : [])]);
  } finally {
    await Promise.all([generator.stop(), server?.stop()]);
  }
}

const listenOrder = (protocol: string) =>
  ({
    protocol,
    service: "scripted",
    codec: { kind: "text", payloadBytes: 64, seed: 0 },
    host: "127.0.0.1",
    port: 0,
    limits: defaultLimits,
  }) as const;
