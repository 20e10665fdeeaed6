/** Conformance of every target of a run, before any of them is measured. */
import type { ClientKind } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import type { PayloadSize, Remark } from "../conformance/payload-sizes.ts";
import type { ConformanceResult } from "../conformance/suite.ts";
import type { CellPlan } from "../experiments/contract/experiment.ts";
import type { Target } from "../targets/target.ts";
import type { CellState } from "./cell-state.ts";
import type { RunObserver } from "./runner.ts";
import { verifyTarget } from "./verify.ts";

/** So many targets are checked at a time: the suite waits more than it works. */
const conformanceLanes = 3;

/**
 * Checks each target once with each client that its cells use. A target that fails is refused in all its cells, one that
 * limits its payloads in those with longer ones; what else was remarked stands beside the numbers. A cluster's parts have
 * suites of their own.
 */
export async function verifyTargets(
  states: readonly CellState[],
  observer: Pick<RunObserver, "verifying" | "refused">,
  signal: AbortSignal,
): Promise<void> {
  const unverified = states.filter((state) => !state.stopped && state.planned.cell.target.system.kind !== "cluster");
  const verify = async (own: readonly [CellState, ...CellState[]]): Promise<void> => {
    const { target } = own[0].planned.cell;
    observer.verifying(target);
    const clients = Map.groupBy(own, ({ planned: { cell } }) => cell.parameters.client ?? "library");
    for (const [client, cells] of clients) {
      const payloads = cells.map(({ planned: { cell } }) => payloadOf(cell));
      const { refusal, remarks } = await judgementOf(target, client, payloads, signal);
      if (signal.aborted) return;
      if (refusal !== undefined) {
        for (const state of own) state.stop({ state: "refused", reason: refusal });
        observer.refused(target, refusal);
        return;
      }
      for (const state of cells) for (const remark of remarks) heed(remark, state);
    }
  };
  const byTarget = [...Map.groupBy(unverified, ({ planned }) => planned.cell.target.label).values()];
  const waiting = byTarget as [CellState, ...CellState[]][];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) await verify(next);
  };
  await Promise.all(Array.from({ length: conformanceLanes }, lane));
}

const payloadOf = ({ parameters: { payloadBytes, payloadKind = "text" }, messageBytes }: CellPlan): PayloadSize => ({
  kind: payloadKind,
  bytes: messageBytes ?? payloadBytes,
});

function heed({ code, message, refused }: Remark, state: CellState): void {
  const { kind, bytes } = payloadOf(state.planned.cell);
  if (refused?.kind === kind && bytes >= refused.bytes) state.stop({ state: "refused", reason: message });
  else state.remark({ code, severity: "warning", cause: "target", message });
}

interface Judgement {
  readonly refusal?: string;
  readonly remarks: readonly Remark[];
}

async function judgementOf(
  target: Target,
  client: ClientKind,
  payloads: readonly PayloadSize[],
  signal: AbortSignal,
): Promise<Judgement> {
  try {
    const results = await verifyTarget(target, signal, client, payloads);
    const failed = results.find(({ outcome }) => outcome === "failed");
    const remarks = results.flatMap((result) => result.remarks ?? []);
    return failed === undefined ? { remarks } : { refusal: describeFailure(failed, client), remarks };
  } catch (error) {
    return { refusal: describeError(error), remarks: [] };
  }
}

const describeFailure = ({ case: name, reason }: ConformanceResult, client: ClientKind): string =>
  `it fails the conformance case "${name}"${client === "lean" ? " (lean client; --client library runs the other)" : ""}: ${reason}`;
