/** Three rules of operation, each only as far as this run shows it. */
import { formatList, formatRange } from "../../results/quantities/format.ts";
import type { CellView, ReportView } from "../view/view.ts";
import { type Advice, cellsWith, numberOf, open, shown } from "./advice.ts";

const about = "Rules";
const rule = (text: string): Advice => ({ kind: "advice", about, text });

export const operatorsRules = (view: ReportView): Advice[] => [readiness(view), backoff(view), emptying(view)];

/** Whether a broker that is away may take every connection with it. */
function readiness(view: ReportView): Advice {
  const experiment = "broker-kill";
  const cut = "droppedConnections";
  const cells = cellsWith(view, experiment, cut);
  const coupled = cells.find(({ cell }) => cell.parameters.settings.shutdownSessions === true);
  const apart = cells.find(
    ({ cell: { parameters } }) =>
      parameters.settings.shutdownSessions !== true && parameters.broker === coupled?.cell.parameters.broker,
  );
  if (coupled === undefined || apart === undefined) return open("readiness", experiment);
  const users = coupled.cell.parameters.connections;
  if (numberOf(coupled, cut).low <= numberOf(apart, cut).high) {
    return rule(
      `Readiness may follow the broker: with shutdown-sessions a dead broker cut ${shown(coupled, cut)} connections of ${users} users, without ${shown(apart, cut)}.`,
    );
  }
  // A user may be cut more than once.
  const cutUsers = Math.min(users, numberOf(coupled, cut).value);
  const back = "p99ReconnectedMs";
  const away = cellsWith(view, experiment, back).includes(coupled) ? ` for ${shown(coupled, back)}` : "";
  return rule(
    `Readiness must not follow the broker with shutdown-sessions: its death cut ${cutUsers} of ${users} users${away}, else ${shown(apart, cut)}.`,
  );
}

/** How users should wait before they try again. */
function backoff(view: ReportView): Advice {
  const experiment = "reconnect-storm";
  const peak = "peakAttemptsPerSecond";
  const cells = cellsWith(view, experiment, peak);
  const isJitter = ({ cell }: CellView): boolean => /^full.jitter/.test(String(cell.parameters.settings.backoff ?? ""));
  const jitter = cells.find(isJitter);
  const others = cells.filter((cell) => !isJitter(cell));
  if (jitter === undefined || others.length === 0) return open("back-off", experiment);
  const values = others.map((cell) => numberOf(cell, peak).value);
  const range = formatRange(Math.min(...values), Math.max(...values), "perSecond");
  const flattens = numberOf(jitter, peak).high < Math.min(...others.map((cell) => numberOf(cell, peak).low));
  const users = jitter.cell.parameters.connections;
  return rule(
    flattens
      ? `Reconnect with full jitter: ${users} users peak at ${shown(jitter, peak)}, else ${range}.`
      : `Full jitter did not flatten the storm of ${users} users here: ${shown(jitter, peak)} at the peak, else ${range}.`,
  );
}

/** How a node is emptied, and what its users lose by it. */
function emptying(view: ReportView): Advice {
  const experiment = "taking-out";
  const left = "usersOnDrainedNode";
  const back = "usersBackOnDrainedNode";
  const cells = cellsWith(view, experiment, left);
  if (cells.length === 0) return open("emptying a node", experiment);
  const backOf = (cell: CellView): number =>
    cellsWith(view, experiment, back).includes(cell) ? numberOf(cell, back).high : 0;
  const emptied = cells.filter((cell) => numberOf(cell, left).high === 0 && backOf(cell) === 0);
  const full = cells.filter((cell) => !emptied.includes(cell));
  const told = emptied.find(tellsItsUsers);
  const still = full.map((cell) => `${cell.name} ${shown(cell, left)}`);
  const end = stateThen(view, experiment, emptied);
  if (told !== undefined) {
    const users = told.cell.parameters.connections / (told.cell.parameters.nodes ?? 1);
    const others = still.length === 0 ? "" : ` (${still.join(", ")})`;
    return rule(`To empty a node tell its users to move: 0 of ${users} stayed${others}${end}.`);
  }
  if (emptied.length === 0) return rule(`Nothing emptied a node; users left on it: ${still.join(", ")}${end}.`);
  return rule(`A node is emptied by ${formatList(emptied.map(({ name }) => name))}${end}.`);
}

/** The node itself spoke to its users: an action by it is among the events. */
const tellsItsUsers = ({ cell }: CellView): boolean =>
  cell.state === "measured" &&
  cell.trials.every(({ events }) => events.some(({ kind, subject }) => kind === "action" && /^node-/.test(subject)));

const firstReturn = "foundAfterFaultFraction";

/** Of the state of users that had to leave, at their first return. */
function stateThen(view: ReportView, experiment: string, emptied: readonly CellView[]): string {
  const known = cellsWith(view, experiment, firstReturn).filter((cell) => emptied.includes(cell));
  if (known.length === 0) return "";
  const values = known.map((cell) => numberOf(cell, firstReturn).value);
  const words = formatRange(Math.min(...values), Math.max(...values), "share");
  return Math.max(...values) === 0 ? `; state on it is lost: ${words} found it` : `; ${words} found their state again`;
}
