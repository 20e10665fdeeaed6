/** What the measured profile of an application says of the targets: one model of its table, in a terminal and in a report. */
import { completeTrials } from "../../results/contract/cells.ts";
import { type Criterion, criteria, type Profile } from "../../results/contract/profile.ts";
import type { Cell, Interval, Parameters } from "../../results/contract/results.ts";
import { type Decision, decideBetween, type Flip, flipsOf } from "../../results/decision/decision.ts";
import { type ProfileOption, profileOption } from "../../results/decision/profile-options.ts";
import { formatCount, formatList, formatQuantity } from "../../results/quantities/format.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { oneLine } from "../text/markdown.ts";
import { linkInWords } from "./link-in-words.ts";
import type { CellView, ReportView } from "./view.ts";

export const profileExperiment = "profile";

export interface DecisionRow {
  readonly name: string;
  readonly costs: ProfileOption["costs"];
  readonly builds: ProfileOption["builds"];
  /** Undefined where a cost that counts is not known. */
  readonly score: Interval | undefined;
  readonly isFirst: boolean;
}

export interface DecisionView {
  readonly profile: Profile;
  readonly parameters: Parameters;
  /** Of the target that has fewest: too few have no interval, and then nothing is sure. */
  readonly trials: number;
  /** Best first; those that cannot be ranked last. */
  readonly rows: readonly DecisionRow[];
  readonly decision: Decision;
  readonly flips: readonly Flip[];
}

/** One for each profile that was measured. */
export function decisionsOf(view: ReportView): DecisionView[] {
  const cells = view.experiments.find(({ info }) => info.name === profileExperiment)?.cells ?? [];
  const measured = cells.filter(({ cell }) => cell.state === "measured" && cell.parameters.profile !== undefined);
  const byProfile = Map.groupBy(measured, ({ cell: { parameters } }) =>
    JSON.stringify([parameters.profile, parameters.link]),
  );
  return [...byProfile.values()].flatMap((own) => decisionBetween(view, own) ?? []);
}

function decisionBetween(view: ReportView, measured: readonly CellView[]): DecisionView | undefined {
  const parameters = measured[0]?.cell.parameters;
  const profile = parameters?.profile;
  if (parameters === undefined || profile === undefined) return undefined;
  const idleOf = (target: string): Cell | undefined =>
    view.results.cells.find((cell) => cell.scenario === "idle" && cell.target === target);
  const all = measured.map(({ cell, target }) => {
    const name = oneLine(target.title);
    return { name, ...profileOption(name, target, cell, idleOf(cell.target), profile) };
  });
  const options = all.map(({ option }) => option);
  const decision = decideBetween(options, profile.weights);
  const found = ({ option, ...row }: (typeof all)[number]): DecisionRow => {
    const ranked = decision.ranked.find((candidate) => candidate.option === option);
    return { ...row, score: ranked?.score, isFirst: ranked?.isFirst ?? false };
  };
  const order = [...decision.ranked, ...decision.unranked].map(({ option }) => option);
  const rows = all.toSorted((a, b) => order.indexOf(a.option) - order.indexOf(b.option)).map(found);
  const trials = Math.min(...measured.map(({ cell }) => (cell.state === "measured" ? completeTrials(cell).length : 0)));
  return { profile, parameters, trials, rows, decision, flips: flipsOf(options, profile.weights) };
}

export const criterionWords: Readonly<Record<Criterion, string>> = {
  delay: "median delay",
  tail: "p99 delay",
  bytes: "bytes per user-hour",
  cpu: "server CPU",
  memory: "server memory",
  build: "what must be built",
};

const compact = (value: number): string => String(Number(value.toPrecision(2)));

/** `delay 3, tail 1, bytes 2`. */
export const weightsInWords = ({ weights }: Profile): string =>
  criteria.map((criterion) => `${criterion} ${weights[criterion]}`).join(", ");

/** `SSE, if bytes weighs 4.2 or more (now 1)`, `SSE, at 3 times as many messages`. */
export function flipInWords(flip: Flip, { weights }: Profile): string {
  if (flip.kind === "rate") {
    const times = flip.at >= 1 ? `${compact(flip.at)} times as many` : `1/${compact(1 / flip.at)} of the`;
    return `${flip.to}, at ${times} messages`;
  }
  const now = weights[flip.criterion];
  return `${flip.to}, if ${flip.criterion} weighs ${compact(flip.at)} or ${flip.at > now ? "more" : "less"} (now ${now})`;
}

/** Which is first, or between which nobody can tell. */
export function choiceInWords({ rows, trials }: DecisionView): string {
  const first = rows.filter(({ isFirst }) => isFirst).map(({ name }) => name);
  if (first.length === 0) return "nothing can be said: no target has every cost that counts";
  if (trials < trialsForIntervalMin)
    return `${first[0]} leads, but fewer than ${trialsForIntervalMin} trials cannot tell`;
  return first.length === 1 ? first[0]! : `cannot tell between ${formatList(first)}`;
}

/** `up 0.033/s of 100 B (80 %) or 4,096 B (20 %)`, of both directions. */
export function trafficInWords({ up, down }: Profile): string {
  const flows = [["up", up] as const, ["down", down] as const].flatMap(([way, flow]) => {
    if (flow === undefined) return [];
    const sizes = flow.sizes.map(
      ({ bytes, share }) => `${formatQuantity(bytes, "bytes")} (${formatQuantity(share, "share")})`,
    );
    return [`${way} ${compact(flow.perUserSecond)}/s of ${formatList(sizes)}`];
  });
  return flows.join("; ");
}

/** What was measured in place of the application. */
export function scaleInWords({ profile, parameters }: DecisionView): string {
  const { connections, link, settings } = parameters;
  const rates = [
    ["up", settings.uplinkRatePerSecond],
    ["down", settings.downlinkRatePerSecond],
  ].flatMap(([way, rate]) => (typeof rate === "number" ? [`${formatQuantity(rate, "perSecond")} ${way}`] : []));
  const over = link === undefined ? "loopback" : linkInWords(link);
  return `${connections} of ${formatCount(profile.users)} users, ${formatList(rates)} in turn, over ${over}; costs scaled linearly`;
}
