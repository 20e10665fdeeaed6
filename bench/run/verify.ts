import type { ClientKind } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import type { PayloadSize } from "../conformance/payload-sizes.ts";
import type { ConformanceResult } from "../conformance/suite.ts";
import type { GeneratorApi } from "../rigs/processes/generator.ts";
import { RemoteProcess } from "../rigs/processes/remote.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { openSystem } from "../rigs/system.ts";
import { clientKindOf, protocolNamed } from "../targets/protocols.ts";
import type { Target } from "../targets/target.ts";

/** For the whole suite; each wait inside it has its own, shorter bound. */
const suiteWaitMs = 120_000;
/** The same where a server of others limits the rate of a connection, which takes patience. */
const foreignSuiteWaitMs = 300_000;

/**
 * Runs the conformance suite with a client of this kind, where the protocol has it, from a load-generator process against the
 * target, as a measurement would. `payloads` are those that are to be sent to it.
 */
export async function verifyTarget(
  target: Target,
  signal: AbortSignal,
  asked: ClientKind = "lean",
  payloads: readonly PayloadSize[] = [],
): Promise<ConformanceResult[]> {
  const { protocol, options } = target;
  const client = clientKindOf(protocolNamed(protocol), asked, options);
  await using programs = new ProgramPool();
  await using cleanUp = new AsyncDisposableStack();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const fail = (reason: string): void => reject(new WirebenchError("process-failed", reason));
  const onAbort = (): void => fail("interrupted");
  signal.addEventListener("abort", onAbort, { once: true });
  cleanUp.defer(() => signal.removeEventListener("abort", onAbort));
  const check = async (): Promise<ConformanceResult[]> => {
    const codec = { kind: "text", payloadBytes: 64, seed: 0 } as const;
    const generator = new RemoteProcess<GeneratorApi>("conformance", "generator");
    cleanUp.defer(() => generator.stop());
    const { url, certificate, server } = await openSystem(
      { target, behaviour: { name: "scripted" }, codec, programs },
      cleanUp,
      fail,
    );
    const foreign = server === undefined;
    return await generator.call(
      "verify",
      { protocol, client, options, url, certificate, foreign, payloads: [...payloads] },
      target.system.kind === "external" ? foreignSuiteWaitMs : suiteWaitMs,
    );
  };
  return await Promise.race([check(), failed]);
}
