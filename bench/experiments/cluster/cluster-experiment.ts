/** What all experiments on a cluster have in common, so that each of them is its variants and its predictions. */
import { describeBackoff } from "../../../load/channel/backoff.ts";
import { keepsUsers, needsUserInUrl } from "../../../protocol/policies.ts";
import type { ExperimentInfo, Parameters, Window } from "../../../results/contract/results.ts";
import type { Measures, MetricName } from "../../../results/metrics/metrics.ts";
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { ClusterRig } from "../../rigs/cluster/cluster-rig.ts";
import type { ClusterSettings, Setup } from "../../rigs/cluster/cluster-setup.ts";
import {
  type BalancedAs,
  balancedAs,
  balancedProtocolNamed,
  clusterClientOf,
  defaultProtocol,
} from "../../targets/balanced-protocols.ts";
import { parseTarget, type Target } from "../../targets/target.ts";
import type { CellPlan, Experiment, SabotagedCell } from "../contract/experiment.ts";
import { checkPayload } from "../contract/request.ts";

/**
 * One trial on a cluster that is up, with all users connected: yields its windows of traffic, if there is any. Events and
 * series are kept by the rig.
 */
export type Run = (rig: ClusterRig) => AsyncGenerator<Window, Measures> | Promise<Measures>;

/** One cell of an experiment, as its author writes it. */
export interface Variant extends Pick<CellPlan, "expectations"> {
  /** Unique within the experiment. */
  readonly name: string;
  readonly setup: Setup;
  /** Absent where nobody publishes. */
  readonly load?: NonNullable<Parameters["load"]>;
  /** Of each measured window of traffic; absent where there is none. */
  readonly durationMs?: number;
  /** What else this variant changes, for the report. */
  readonly settings?: Parameters["settings"];
  /** How long a trial takes once everybody is connected, in milliseconds, if nothing is slow. */
  readonly trafficMs: number;
  readonly run: Run;
}

export interface ClusterCell extends CellPlan {
  readonly variant: string;
  readonly setup: Setup;
  readonly settings: ClusterSettings;
  readonly trafficMs: number;
  readonly run: Run;
}

interface ClusterExperimentPlan
  extends ExperimentInfo,
    Pick<Experiment<ClusterCell, ClusterRig>, "follows" | "metrics" | "presets"> {
  readonly follows: readonly (keyof ClusterSettings)[];
  /** What its predictions hold for; with another protocol its cells are not run. Absent: for all. */
  readonly predicts?: readonly BalancedAs[];
  /** Why else a cell is not measured, as a sentence. */
  unfit?(cell: ClusterCell): string | undefined;
  variants(settings: ClusterSettings): readonly Variant[];
  /** One of the cells, broken. */
  sabotage(cells: readonly ClusterCell[], settings: ClusterSettings): SabotagedCell<ClusterCell>;
}

/** Of every trial: whether the processes had the machine they needed. */
const machineMetrics = ["cpuWaitShareMax", "cpuWaitMaxMs"] as const satisfies readonly MetricName[];

export function clusterExperiment({
  predicts,
  unfit,
  variants,
  sabotage,
  ...plan
}: ClusterExperimentPlan): Experiment<ClusterCell, ClusterRig> {
  const cellsOf = ({ balancer, ...settings }: ClusterSettings): ClusterCell[] => {
    // An experiment that needs what only HAProxy does keeps it.
    const own = plan.follows.includes("balancer") && balancer !== undefined ? { ...settings, balancer } : settings;
    return variants(own).map((variant) => cellOf(variant, own));
  };
  return {
    ...plan,
    metrics: [...plan.metrics, ...machineMetrics],
    isolation: "exclusive",
    cells({ cluster }) {
      checkPayload(cluster);
      return cellsOf(cluster);
    },
    unfit: (cell) => whyUnfit(cell, predicts) ?? unfit?.(cell),
    open: (cell, context) => ClusterRig.open(cell, context),
    async *measure(rig, { run }) {
      const running = run(rig);
      const measures = Symbol.asyncIterator in running ? yield* running : await running;
      return { measures: { ...measures, ...(await rig.conclude()) } };
    },
    trafficMs: ({ trafficMs }) => trafficMs,
    sabotage: ({ cluster }) => sabotage(cellsOf(cluster), cluster),
  };
}

function cellOf(
  { name, setup, load, durationMs, settings: own, expectations, trafficMs, run }: Variant,
  settings: ClusterSettings,
): ClusterCell {
  const { users, payloadBytes, nodes, nodeSoftware, broker, balancer, policy, cookies, state, resume, backoff } = setup;
  const target = clusterTarget(setup.protocol);
  const parameters: Parameters = {
    connections: users,
    payloadBytes,
    client: clusterClientOf(setup.protocol),
    ...(load && { load }),
    ...(durationMs !== undefined && { durationMs }),
    nodes,
    broker,
    policy,
    settings: {
      ...(balancer !== "haproxy" && { balancer }),
      ...(nodeSoftware !== undefined && { nodeSoftware }),
      cookies,
      state,
      resume,
      backoff: describeBackoff(backoff),
      ...own,
    },
  };
  return { target, variant: name, parameters, expectations, setup, settings, trafficMs, run };
}

/** Throws `usage` for a protocol that a load balancer for HTTP cannot carry. */
const clusterTarget = (protocol: string): Target => ({
  ...parseTarget(balancedProtocolNamed(protocol).name),
  system: { kind: "cluster" },
});

/** Of what a node puts around a payload: names, numbers and times. */
const envelopeBytesMax = 512;

/** A prediction about connections says nothing of requests that are balanced one by one. */
function whyUnfit({ setup }: ClusterCell, predicts: readonly BalancedAs[] | undefined): string | undefined {
  const { protocol, policy, mayStayOut, broker, payloadBytes } = setup;
  const messageBytesMax = broker === "none" ? undefined : brokerNamed(broker).traits.messageBytesMax;
  if (messageBytesMax !== undefined && payloadBytes + envelopeBytesMax > messageBytesMax) {
    return `${broker} carries messages of at most ${messageBytesMax} bytes, envelope included: run it with --payload ${messageBytesMax - envelopeBytesMax}B`;
  }
  const kind = balancedAs(protocol);
  if (predicts !== undefined && !predicts.includes(kind)) {
    return `its predictions are about connections that stay where they are; with ${protocol} the load balancer sees ${kind === "stream" ? "requests beside them" : "requests"}, and sends each where it likes: run it with --protocol ${defaultProtocol.name}`;
  }
  if (kind !== "connection" && !keepsUsers(policy) && !mayStayOut) {
    return `with ${protocol} a user is several requests, and ${policy} sends them to different nodes, so that nobody gets in (see the experiment stickiness): run it with --policy leastconn+cookie`;
  }
  if (kind !== "connection" && needsUserInUrl(policy)) {
    return `${policy} needs the user's name in every URL, which the client of ${protocol} makes by itself: run it with --policy leastconn+cookie`;
  }
  return undefined;
}

/** The cell on a cluster that is set up wrong, its expectations untouched. */
export const brokenBy = (cell: ClusterCell, own: Partial<Setup>, fails: MetricName): SabotagedCell<ClusterCell> => ({
  cell: { ...cell, setup: { ...cell.setup, ...own } },
  fails,
});
