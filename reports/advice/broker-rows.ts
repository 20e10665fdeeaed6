/** What each broker, as it was configured, did in the experiments that tell brokers apart: one row of a table. */
import { survivals } from "../../results/contract/broker.ts";
import type { BrokerInfo } from "../../results/contract/results.ts";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { type Estimate, estimateOf } from "../../results/summary/estimate.ts";
import { whyUnusable } from "../view/shown-estimate.ts";
import { type CellView, comparesBrokers, type ExperimentView, hasFault, type ReportView } from "../view/view.ts";
import { cellsOf } from "./advice.ts";

export interface BrokerRow {
  readonly name: string;
  readonly title: string;
  /** Accepted for the publisher, never received by a connected user, in a kill of the broker. */
  readonly acceptedThenLost: BrokerNumber;
  /** Deliveries that users missed who were away for a moment and asked for what they had missed. */
  readonly missedAway: BrokerNumber;
  /** The same as a share of what was due meanwhile. */
  readonly missedShareAway: BrokerNumber;
  /** Whether somebody was told of each of those. */
  readonly isDeclaredAway: boolean;
  readonly lastUserP50: BrokerNumber;
  /** From the broker's first answer after a kill until every node hears it again. */
  readonly recovery: BrokerNumber;
  /** From the order to start it until it answers. */
  readonly restart: BrokerNumber;
  readonly durability: BrokerInfo["durability"];
}

export interface BrokerNumber {
  readonly estimate: Estimate;
  /** What became of a cell without numbers, in a word. */
  readonly state: "failed" | "refused" | "not run" | "invalid" | undefined;
}

export interface BrokerRows {
  readonly rows: readonly BrokerRow[];
  /** The experiment that the delay of the last user is from. */
  readonly delaysFrom: ExperimentView | undefined;
  /** How long users were away in the middle, in milliseconds. */
  readonly awayMs: readonly number[];
}

const lastUser = "lastRecipientP50Us";

export function brokerRowsOf(view: ReportView): BrokerRows {
  const { brokers = [], cells } = view.results;
  const used = new Set(cells.flatMap(({ parameters }) => parameters.broker ?? []).filter((name) => name !== "none"));
  const infoOf = (name: string): BrokerInfo | undefined => brokers.find((broker) => broker.name === name);
  const rank = (name: string): number => survivals.indexOf(infoOf(name)?.durability?.survives ?? "nothing");
  const names = [...new Set([...brokers.map(({ name }) => name).filter((name) => used.has(name)), ...used])].sort(
    // Those that protect alike stand together: speed has to be compared between them.
    (a, b) => rank(a) - rank(b),
  );
  const delaysFrom = experimentWithDelays(view);
  const killed = (name: string): CellView | undefined =>
    cellsOf(view, "broker-kill").find(
      ({ cell: { parameters } }) => parameters.broker === name && parameters.settings.shutdownSessions !== true,
    );
  const away = (name: string): CellView | undefined =>
    cellsOf(view, "node-kill").find(
      ({ cell: { parameters } }) => parameters.broker === name && parameters.settings.resume === true,
    );
  const rows = names.map((name): BrokerRow => {
    const silent = numberIn(away(name), "silentLossDeliveries").estimate;
    return {
      name,
      title: view.brokerTitle(name),
      acceptedThenLost: numberIn(killed(name), "acceptedThenLostMessages"),
      missedAway: numberIn(away(name), "missingDeliveries"),
      missedShareAway: numberIn(away(name), "missedShareOfOutage"),
      isDeclaredAway: silent.kind === "value" && silent.interval.high === 0,
      lastUserP50: numberIn(
        delaysFrom?.cells.find(({ cell }) => cell.parameters.broker === name),
        lastUser,
      ),
      recovery: numberIn(killed(name), "brokerRecoveryMs"),
      restart: numberIn(killed(name), "brokerRestartMs"),
      durability: infoOf(name)?.durability,
    };
  });
  const awayMs = names.flatMap((name) => {
    const { estimate } = numberIn(away(name), "p99ReconnectedMs");
    return estimate.kind === "value" ? [estimate.interval.value] : [];
  });
  return { rows, delaysFrom, awayMs };
}

function numberIn(cell: CellView | undefined, metric: MetricName): BrokerNumber {
  const why = cell === undefined ? undefined : whyUnusable(cell);
  const state = why === undefined ? undefined : (why.split(":")[0] as BrokerNumber["state"]);
  return { estimate: estimateOf(cell?.cell, metric), state };
}

/** All delays from one experiment, where nothing was broken: that with the most brokers, and the fewest mere bounds. */
function experimentWithDelays({ experiments }: ReportView): ExperimentView | undefined {
  const ranked = experiments
    .filter((experiment) => comparesBrokers(experiment) && !hasFault(experiment) && isOneClusterSize(experiment))
    .map((experiment) => {
      const estimates = experiment.cells.map(({ cell }) => estimateOf(cell, lastUser));
      const values = estimates.filter((estimate) => estimate.kind === "value");
      const brokers = new Set(
        experiment.cells
          .filter((_, index) => estimates[index]!.kind === "value")
          .map(({ cell }) => cell.parameters.broker),
      );
      return { experiment, brokers: brokers.size, bounds: values.filter(({ bound }) => bound !== undefined).length };
    })
    .filter(({ brokers }) => brokers > 0)
    .sort((a, b) => b.brokers - a.brokers || a.bounds - b.bounds);
  return ranked[0]?.experiment;
}

/** An experiment on the number of nodes has a delay for each. */
const isOneClusterSize = ({ cells }: ExperimentView): boolean =>
  new Set(cells.map(({ cell }) => cell.parameters.nodes)).size === 1;
