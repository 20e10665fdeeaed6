/** Made-up cells that rules of claims are put to the test with. */
import assert from "node:assert/strict";
import type { DecidedClaim } from "../contract/claim.ts";
import type { FindingOutcome } from "../contract/finding.ts";
import type { Cell, MeasuredCell, Parameters, TargetInfo, Trial } from "../contract/results.ts";
import type { MetricName } from "../metrics/metrics.ts";
import type { ProbeName } from "../recording/findings.ts";
import { spread } from "../summary/summary.ts";
import { inShortMax } from "./claim.ts";
import { decideClaims } from "./claims.ts";

export interface MadeUp {
  readonly scenario: string;
  readonly variant?: string;
  /** Label of its target, and of a cell without options its protocol. */
  readonly target?: string;
  readonly parameters?: Partial<Parameters>;
  /** One value per trial. */
  readonly measured: Partial<Record<MetricName, readonly number[]>>;
  readonly findings?: Partial<Record<ProbeName, FindingOutcome>>;
  readonly verdict?: MeasuredCell["validity"]["verdict"];
}

export function cellOf({ scenario, variant, target, parameters, measured, findings, verdict }: MadeUp): MeasuredCell {
  const label = target ?? "websocket";
  const columns = Object.entries(measured);
  const count = Math.max(1, ...columns.map(([, values]) => values.length));
  const trials = Array.from({ length: count }, (_, index): Trial => {
    const own = columns.flatMap(([name, values]) => (values[index] === undefined ? [] : [[name, values[index]]]));
    return {
      trial: index + 1,
      state: "complete",
      startedAt: "2026-01-01T00:00:00.000Z",
      durationMs: 1000,
      windows: [],
      measures: Object.fromEntries(own),
      histograms: {},
      events: [],
      series: [],
      ...(findings && {
        findings: Object.entries(findings).map(([probe, outcome]) => ({ probe, outcome, evidence: "" })),
      }),
      flags: [],
    };
  });
  return {
    target: label,
    protocol: label.split(/[+@]/)[0]!,
    scenario,
    ...(variant !== undefined && { variant }),
    parameters: { connections: 30, payloadBytes: 256, settings: {}, ...parameters },
    state: "measured",
    validity: { verdict: verdict ?? "valid", flags: [] },
    trials,
    summary: Object.fromEntries(columns.map(([name, values]) => [name, spread(values)])),
    predictions: [],
  };
}

export const targetOf = (
  label: string,
  downlink: TargetInfo["downlink"],
  provides?: TargetInfo["provides"],
): TargetInfo => ({
  label,
  title: label,
  protocol: label,
  options: {},
  system: { kind: "embedded" },
  summary: "",
  specification: "",
  uplink: downlink === "stream" ? "stream" : "request",
  downlink,
  framing: "text",
  ...(provides && { provides }),
  floor: false,
  deliveryFloorMs: 0,
  position: 1,
});

/** The verdict on one claim that was asked for. */
export const decidedFrom = (id: string, cells: readonly Cell[], targets: readonly TargetInfo[]): DecidedClaim =>
  decideClaims({ cells: [...cells], targets: [...targets] }, [id]).find((claim) => claim.id === id)!;

/** `holds-when a user comes back`, `not-measured no cell ...`. */
export const sayingOf = ({ verdict, when, because, instead }: DecidedClaim): string =>
  [verdict, when ?? because ?? instead?.says].filter((part) => part !== undefined).join(" ");

/** Whoever gets no more than a line reads the number that decides, all of it. */
export function assertInShort({ id, verdict, inShort }: DecidedClaim): void {
  if (verdict === "not-measured" || (verdict === "does-not-hold" && inShort === undefined)) return;
  assert.match(inShort ?? "", /\d/, id);
  assert.ok([...inShort!].length <= inShortMax, `${id}: ${inShort}`);
}

/** With other numbers. */
export const but = (made: MadeUp, measured: MadeUp["measured"]): MadeUp => ({
  ...made,
  measured: { ...made.measured, ...measured },
});
