/** What has no numbers, and what speaks against numbers that are shown. */
import type { Flag } from "../../results/contract/results.ts";
import { oneLine } from "../text/markdown.ts";
import { whyUnusable } from "../view/shown-estimate.ts";
import type { CellView, ExperimentView, ReportView } from "../view/view.ts";
import { shortNamesOf } from "./short-names.ts";

interface Found {
  readonly experiment: ExperimentView;
  readonly cell: CellView;
}

const allCells = ({ experiments }: ReportView): Found[] =>
  experiments.flatMap((experiment) => experiment.cells.map((cell) => ({ experiment, cell })));

const namesMax = 4;

/** `TCP, WebSocket (echo, throughput); SSE (echo)`. */
function namesOf(view: ReportView, found: readonly Found[]): string {
  const short = shortNamesOf([...new Set(view.rows.map(({ name }) => name))]);
  const byCell = Map.groupBy(found, ({ cell }) => short.get(cell.name) ?? cell.name);
  const shown = [...byCell].slice(0, namesMax);
  const byExperiments = Map.groupBy(shown, ([, own]) =>
    [...new Set(own.map(({ experiment }) => oneLine(experiment.info.name)))].join(", "),
  );
  const groups = [...byExperiments].map(([experiments, own]) => {
    const names = own.map(([name]) => name);
    return `${names.join(names.some((name) => name.includes(",")) ? "; " : ", ")} (${experiments})`;
  });
  const more = byCell.size - shown.length;
  return `${groups.join("; ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Every cell that was refused, failed or is invalid; those with one and the same reason together. */
export const problemsOf = (view: ReportView): string[] =>
  reasonsOf(view, ({ cell: { cell } }) => cell.state !== "not-run");

/** Every cell that did not run, and why. What an interrupted run did not get to goes without saying. */
export const notRunIn = (view: ReportView): string[] =>
  view.results.interrupted ? [] : reasonsOf(view, ({ cell: { cell } }) => cell.state === "not-run");

function reasonsOf(view: ReportView, which: (found: Found) => boolean): string[] {
  const unusable = allCells(view)
    .filter(which)
    .flatMap((found) => {
      const why = whyInShort(found.cell);
      return why === undefined ? [] : [{ ...found, why: firstSentence(why) }];
    });
  return [...Map.groupBy(unusable, ({ why }) => why)].map(([why, found]) => `${namesOf(view, found)}: ${why}`);
}

function whyInShort(view: CellView): string | undefined {
  const { cell } = view;
  if (cell.state !== "measured" || cell.validity.verdict !== "invalid") return whyUnusable(view);
  const fatal = cell.validity.flags.filter(({ severity }) => severity === "fatal");
  return `invalid: ${[...new Set(fatal.map(flagInShort))].join("; ")}`;
}

/** Without what a program said before it ended: that has its place where the cell is. */
const firstSentence = (why: string): string => oneLine(why.split(/; it said:\n/)[0]!);

/** What targets did wrong although their numbers are true. */
export const defectsOf = (view: ReportView): string[] =>
  flagsOf(view)
    .filter(({ flag }) => flag.severity === "defect")
    .map((found) => `${namesOf(view, [found])}: ${oneLine(found.flag.message)}.`);

/** Those of cells whose numbers are shown. */
const flagsOf = (view: ReportView): (Found & { readonly flag: Flag })[] =>
  allCells(view).flatMap((found) => {
    const { cell } = found.cell;
    if (cell.state !== "measured" || whyUnusable(found.cell) !== undefined) return [];
    return cell.validity.flags.map((flag) => ({ ...found, flag }));
  });

/** The machine's verdict says these already. */
const saidOfTheMachine: ReadonlySet<string> = new Set(["cpu-contention", "load-average"]);

const causeFirst: readonly Flag["cause"][] = ["target", "wirebench", "machine"];

/** What a reader must know of the flags that come with most runs; the report has each with its counts. */
const inShort: Readonly<Record<string, string>> = {
  "offered-rate-not-achieved": "less than 95 % of the offered rate arrived, each message later than the one before",
  "generator-saturated": "the load generator was the limit",
  "users-saturated": "the load generator was the limit",
  "closed-loop-users-full": "the load generator was the limit",
  "closed-loop-machine-full": "the machine's cores were the limit: rates of the closed loop are lower bounds",
  "closed-loop-underloaded": "nothing was full: rates of the closed loop are lower bounds",
  "users-starved": "the machine kept the load generator from its core",
  "capacity-bound": "the load generator was the limit",
  "link-late": "the emulated link was later than it was to be",
  "generator-late": "the load generator was late",
  "users-late": "many messages were sent late, which their delays contain",
  "generator-stall": "the load generator paused; max contains it",
  "outlying-trial": "one trial was far slower than the others",
  drift: "still changing while it was measured",
  "warm-up-incomplete": "still getting faster when it was measured",
  "windows-follow-delay": "slow answers stretched its windows",
  "delayed-ack": "a p50 of 40 ms: Nagle's algorithm and delayed acknowledgements",
  "few-samples": "too few messages for a p99",
  "littles-law": "not steady while it was measured",
  "stalled-window": "something held it up for a while",
};

export const flagInShort = ({ code, message }: Pick<Flag, "code" | "message">): string =>
  inShort[code] ?? oneLine(message);

/** One line for all that is alike about cells whose numbers are shown. */
export function warningsOf(view: ReportView): string[] {
  const flagged = flagsOf(view).filter(
    ({ flag: { code, severity } }) => severity === "warning" && !saidOfTheMachine.has(code),
  );
  return [...Map.groupBy(flagged, ({ flag: { code, message } }) => flagInShort({ code, message }))]
    .sort(([, a], [, b]) => causeFirst.indexOf(a[0]!.flag.cause) - causeFirst.indexOf(b[0]!.flag.cause))
    .map(([words, found]) => `${namesOf(view, found)}: ${words}.`);
}
