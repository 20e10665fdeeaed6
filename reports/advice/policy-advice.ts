/** Which policy of the load balancer keeps users with their state, and what it does not save them from. */
import { policyPartsOf } from "../../results/contract/cells.ts";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { formatList } from "../../results/quantities/format.ts";
import type { CellView, ReportView } from "../view/view.ts";
import { type Advice, cellsWith, numberOf, open, shown } from "./advice.ts";

/** The second has more policies, and a reload. */
const experiments = ["stickiness", "policies"] as const;
const returning = "rejoinFoundFraction";
const afterReload = "foundAfterReloadFraction";
const fullest = "connectionsMaxPerNode";
const afterFault = "foundAfterFaultFraction";
/** More names than this fill a line. */
const namedMax = 3;

const policyOf = ({ cell }: CellView): string => cell.parameters.policy ?? "";
const settingOf = ({ cell }: CellView, name: string): unknown => cell.parameters.settings[name];

/** Users are one connection each: of other protocols the first answer already needs the node. */
const isStream = ({ target }: CellView): boolean => target.uplink === "stream" && target.downlink === "stream";

export function policyAdvice(view: ReportView): Advice {
  const about = "Policy";
  const [experiment] = experiments;
  const cells = experiments
    .flatMap((name) => cellsWith(view, name, returning))
    .filter(
      (cell) =>
        isStream(cell) &&
        (settingOf(cell, "balancer") ?? "haproxy") === "haproxy" &&
        settingOf(cell, "state") !== "outside" &&
        settingOf(cell, "cookies") !== "ignored",
    );
  if (cells.length === 0) return open(about, experiment);
  const sound = cells.filter((cell) => whatFails(cell) === undefined);
  const others = cells.filter((cell) => !sound.some((other) => policyOf(other) === policyOf(cell)));
  return {
    kind: "advice",
    about,
    text: [recommendation(sound, cells), otherwise(others, sound), afterKill(view)].join(""),
  };
}

/** What speaks against a policy, in words; undefined: it spreads evenly, and everybody is back with its state. */
function whatFails(cell: CellView): string | undefined {
  if (numberOf(cell, returning).low < 1) return `${shown(cell, returning)}${asChanceHasIt(cell)}`;
  const { connections, nodes = 1 } = cell.cell.parameters;
  const most = has(cell, fullest) ? numberOf(cell, fullest).high : 0;
  if (most > Math.ceil(connections / nodes)) return `${most} of ${connections} users on one node`;
  return has(cell, afterReload) && numberOf(cell, afterReload).low < 1
    ? `${shown(cell, afterReload)} after a reload`
    : undefined;
}

const has = ({ cell }: CellView, metric: MetricName): boolean =>
  cell.state === "measured" && cell.summary[metric] !== undefined;

function recommendation(sound: readonly CellView[], cells: readonly CellView[]): string {
  if (sound.length > 0) {
    // A cookie names the node itself; what computes one loses users whenever nodes come or go.
    const [first, ...rest] = distinct([...sound].sort((a, b) => rank(a) - rank(b)).map(policyOf));
    const alike = rest.length === 0 ? "" : ` (as ${formatList(few(rest))})`;
    return `${first}${alike} brings 100 % back to their state`;
  }
  const best = [...cells].sort((a, b) => numberOf(b, returning).value - numberOf(a, returning).value)[0]!;
  return `none brings everybody back to its state; best ${policyOf(best)}, ${whatFails(best)}`;
}

const persistenceOf = ({ cell }: CellView): string | undefined => policyPartsOf(cell).persistence;
const rank = (cell: CellView): number => (persistenceOf(cell) === "cookie" ? 0 : persistenceOf(cell) ? 1 : 2);

const distinct = (names: readonly string[]): string[] => [...new Set(names)];
const few = (names: readonly string[]): string[] =>
  names.length > namedMax ? [...names.slice(0, namedMax), `${names.length - namedMax} more`] : [...names];

/** What the other policies bring: `, round-robin 31.1 % (1/3)`. */
function otherwise(others: readonly CellView[], sound: readonly CellView[]): string {
  if (sound.length === 0) return "";
  const firsts = [...Map.groupBy(others, policyOf).values()].map(([first]) => first!);
  const words = firsts.map((cell) => `${policyOf(cell)} ${whatFails(cell)}`);
  return few(words)
    .map((each) => `, ${each}`)
    .join("");
}

/** One of so many nodes: only where the prediction of that very number was chance, and held. */
function asChanceHasIt({ cell }: CellView): string {
  const nodes = cell.parameters.nodes ?? 1;
  const held =
    cell.state === "measured" &&
    cell.predictions.some(
      ({ metric, verdict, expected: { low = 0, high = 1 } }) =>
        metric === returning && verdict === "held" && low < 1 / nodes && high > 1 / nodes,
    );
  return held ? ` (1/${nodes})` : "";
}

/** The state of users whose node died. */
function afterKill(view: ReportView): string {
  const killed = cellsWith(view, "state-after-kill", afterFault);
  const onNode = killed.find((cell) => settingOf(cell, "state") !== "outside");
  const outside = killed.find((cell) => settingOf(cell, "state") === "outside");
  if (onNode === undefined) return ".";
  const kept = outside === undefined ? "" : `, with state outside the nodes ${shown(outside, afterFault)}`;
  return `; its node killed: ${shown(onNode, afterFault)}${kept}.`;
}
