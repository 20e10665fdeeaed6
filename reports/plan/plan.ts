/** A capacity plan: the arithmetic over measured costs, with where each came from and how far it was stretched. */
import {
  type CostMetricName,
  costExperiment,
  costMetricEntry,
  costMetricNames,
} from "../../results/metrics/cost-metrics.ts";
import type { CostInput, CostModel, MeasuredRange } from "./cost-model.ts";
import { type Dimension, dependsOnNodes, type RowContext, type RowKind, type RowUnit, rowKinds } from "./plan-rows.ts";
import { type Costs, type PlanRequest, type Sizing, sizeCluster } from "./plan-sizing.ts";

/** How a result relates to what was measured. */
export type Basis =
  /** Follows from what was asked. */
  | { readonly kind: "arithmetic" }
  /** Everything it depends on was measured at least as large. */
  | { readonly kind: "measured" }
  /** `times` larger in what is stretched most. */
  | {
      readonly kind: "extrapolated";
      readonly times: number;
      readonly dimension: Dimension;
      readonly asked: number;
      readonly measured: number;
    }
  /** Nobody recorded how large it was. */
  | { readonly kind: "unknown"; readonly dimension: Dimension };

interface RowHead extends Pick<RowKind, "name" | "group" | "title"> {
  readonly unit: RowUnit;
}

export type PlanRow =
  | (RowHead & {
      readonly state: "known";
      readonly value: number;
      /** With every cost at the lower, and at the upper, end of its interval. Absent: nothing is enough then. */
      readonly low?: number;
      readonly high?: number;
      readonly formula: string;
      readonly basis: Basis;
    })
  | (RowHead & { readonly state: "unknown"; readonly why: string });

export interface Plan {
  readonly request: PlanRequest & { readonly payloadBytes: number };
  readonly model: CostModel;
  readonly inputs: readonly CostInput[];
  readonly rows: readonly PlanRow[];
  readonly sizing: Sizing;
  /** The costs the plan was made with: measured, turned to the payload asked for, or stood in for. */
  readonly costs: Costs;
  /** What stands in for costs that were not measured. */
  readonly standIns: readonly string[];
}

const indispensable: readonly CostMetricName[] = [
  "nodeCpuUsPerDelivery",
  "nodeMemoryBytesBase",
  "nodeMemoryBytesPerConnection",
];

/** What there is no number of nodes without, and so no plan. Of the two costs of a message one will do. */
export function missingCosts({ inputs }: CostModel): CostMetricName[] {
  const perMessage: CostMetricName[] = ["nodeCpuUsPerPublication", "nodeCpuUsPerBrokerDelivery"];
  const missing = (name: CostMetricName): boolean => inputs[name] === undefined;
  return [...(perMessage.every(missing) ? perMessage : []), ...indispensable.filter(missing)];
}

/** Lower end, middle or upper end of every cost's interval. */
type Corner = "low" | "value" | "high";

export function planCluster(asked: PlanRequest, model: CostModel): Plan {
  const request = { ...asked, payloadBytes: asked.payloadBytes ?? model.payloadBytes };
  const contextAt = (corner: Corner, built?: number): RowContext => {
    const costs = costsAt(model, request.payloadBytes, corner);
    return { request, costs, sizing: sizeCluster(request, costs, built) };
  };
  const value = contextAt("value");
  // The ends of the other results are those of the cluster that is planned, should it turn out cheaper or dearer.
  const { nodes } = value.sizing;
  const contexts = { value, low: contextAt("low", nodes), high: contextAt("high", nodes) };
  return {
    request,
    model,
    inputs: costMetricNames.flatMap((name) => model.inputs[name] ?? []),
    rows: rowKinds.map((kind) => planRow(kind, contexts, model)),
    sizing: value.sizing,
    costs: value.costs,
    standIns: standIns(model),
  };
}

const payloadMetrics: ReadonlySet<CostMetricName> = new Set([
  "wireBytesPerPublication",
  "wireBytesPerDelivery",
  "brokerWireBytesPerMessage",
  "brokerWireBytesPerNodeDelivery",
]);

function costsAt({ inputs }: CostModel, payloadBytes: number, corner: Corner): Costs {
  const measured: Partial<Record<CostMetricName, number>> = {};
  for (const input of Object.values(inputs)) {
    const more = payloadMetrics.has(input.metric) ? payloadBytes - input.payloadBytes : 0;
    measured[input.metric] = Math.max(0, input.interval[corner] + more);
  }
  return withStandIns(measured, payloadBytes);
}

/** As `costMetricEntries` say. */
function withStandIns(measured: Partial<Record<CostMetricName, number>>, payloadBytes: number): Costs {
  const costs = { ...measured };
  if (costs.nodeCpuUsPerBrokerDelivery === undefined && costs.nodeCpuUsPerPublication !== undefined) {
    costs.nodeCpuUsPerBrokerDelivery = costs.nodeCpuUsPerPublication;
    costs.nodeCpuUsPerPublication = 0;
  }
  if (costs.nodeCpuUsPerPublication === undefined && costs.nodeCpuUsPerBrokerDelivery !== undefined) {
    costs.nodeCpuUsPerPublication = costs.nodeCpuUsPerBrokerDelivery;
  }
  const perPublication = costs.proxyCpuUsPerPublication ?? costs.proxyCpuUsPerDelivery;
  if (perPublication !== undefined) costs.proxyCpuUsPerPublication = perPublication;
  costs.brokerWireBytesPerMessage ??= payloadBytes;
  costs.brokerWireBytesPerNodeDelivery ??= payloadBytes;
  return costs;
}

const standIns = ({ inputs }: CostModel): string[] =>
  costMetricNames.flatMap((name) => {
    const { standIn } = costMetricEntry(name);
    return standIn === undefined || inputs[name] !== undefined ? [] : [`${name} was not measured: ${standIn}`];
  });

function planRow(kind: RowKind, contexts: Record<Corner, RowContext>, model: CostModel): PlanRow {
  const { name, group, title, unit } = kind;
  const head = { name, group, title, unit };
  const unknown = (why: string): PlanRow => ({ ...head, state: "unknown", why });
  const { costs } = contexts.value;
  const missing = kind.needs.filter((metric) => costs[metric] === undefined);
  if (missing.length > 0) {
    return unknown(`needs ${missing.join(" and ")}, which the experiment ${costExperiment} measures`);
  }
  const value = kind.read(contexts.value);
  if (!Number.isFinite(contexts.value.sizing.nodes) && dependsOnNodes(kind)) {
    return unknown("no number of nodes is enough");
  }
  if (!Number.isFinite(value)) return unknown(impossible(kind));
  const ends = [kind.read(contexts.low), kind.read(contexts.high)].sort((a, b) => a - b);
  const [low, high] = ends.map((end) => (Number.isFinite(end) ? end : undefined));
  return {
    ...head,
    state: "known",
    value,
    ...(low !== undefined && { low }),
    ...(high !== undefined && { high }),
    formula: kind.formula(contexts.value),
    basis: basisOf(kind, contexts.value, model.range),
  };
}

function impossible({ name }: RowKind): string {
  if (name === "ceilingPublicationsPerSecond") return "no limit: that cost was measured as 0";
  if (name === "nodeCpuShareOneDown") return "there is only one node: when it is lost, nothing is left";
  return "no number of nodes is enough";
}

function basisOf(kind: RowKind, context: RowContext, range: MeasuredRange): Basis {
  if (kind.dimensions.length === 0) return { kind: "arithmetic" };
  // A number of nodes is judged by the cluster it would be.
  const nodes = kind.unit === "nodes" ? kind.read(context) : context.sizing.nodes;
  let worst: Extract<Basis, { kind: "extrapolated" }> | undefined;
  for (const dimension of kind.dimensions) {
    const asked =
      kind.name === "ceilingPublicationsPerSecond" ? kind.read(context) : askedOf(dimension, context, nodes);
    const measured = range[dimension];
    if (measured === undefined || measured === 0) return { kind: "unknown", dimension };
    const times = asked / measured;
    if (times > (worst?.times ?? 1)) worst = { kind: "extrapolated", times, dimension, asked, measured };
  }
  return worst ?? { kind: "measured" };
}

function askedOf(dimension: Dimension, { request, sizing }: RowContext, nodes: number): number {
  const asked: Record<Dimension, number> = {
    users: request.users,
    nodes,
    usersPerNode: Math.ceil(request.users / nodes),
    publicationsPerSecond: sizing.publicationsPerSecond,
    deliveriesPerSecond: sizing.deliveriesPerSecond,
    deliveriesPerSecondPerNode: sizing.deliveriesPerSecond / nodes,
    nodeDeliveriesPerSecond: sizing.publicationsPerSecond * nodes,
  };
  return asked[dimension];
}
