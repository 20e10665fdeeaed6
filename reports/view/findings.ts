/** What targets did with the probes of the security experiment, in the shape the section and the terminal ask for. */
import { completeTrials, measured } from "../../results/contract/cells.ts";
import type { FindingOutcome } from "../../results/contract/finding.ts";
import { formatList } from "../../results/quantities/format.ts";
import { findingsOf, type ProbeFinding, type ProbeName, probeNames, probes } from "../../results/recording/findings.ts";
import type { CellView, ExperimentView } from "./view.ts";

export const securityExperiment = "security";

/** One target, and what it did. */
export interface Probed {
  readonly view: CellView;
  readonly findings: ReadonlyMap<ProbeName, ProbeFinding>;
}

/** Of the targets that were probed. What a server refuses, chance does not decide: the last trial stands for all. */
export const probedIn = ({ cells }: Pick<ExperimentView, "cells">): Probed[] =>
  cells.flatMap((view) => {
    const cell = measured(view.cell);
    const trial = cell && completeTrials(cell).at(-1);
    const findings = trial === undefined ? [] : findingsOf(trial);
    if (findings.length === 0) return [];
    return [{ view, findings: new Map(findings.map((finding) => [finding.probe, finding])) }];
  });

/** Probes that somebody was asked, in report order. */
export const askedProbes = (probed: readonly Probed[]): ProbeName[] =>
  probeNames.filter((probe) => probed.some(({ findings }) => findings.has(probe)));

const probesWith = ({ findings }: Probed, outcome: FindingOutcome): ProbeName[] =>
  probeNames.filter((probe) => findings.get(probe)?.outcome === outcome);

type NameOf = (probed: Probed) => string;

/** One sentence for targets that did the same; what most of them did first. */
function inWords(
  probed: readonly Probed[],
  outcome: FindingOutcome,
  say: (own: readonly Probed[], found: readonly ProbeName[]) => string,
): string[] {
  const alike = [...Map.groupBy(probed, (own) => probesWith(own, outcome).join()).values()];
  return alike
    .map((own) => ({ own, found: probesWith(own[0]!, outcome) }))
    .filter(({ found }) => found.length > 0)
    .sort((a, b) => b.own.length - a.own.length || b.found.length - a.found.length)
    .map(({ own, found }) => say(own, found));
}

/** What an application builds on each target. */
export const builtInWords = (probed: readonly Probed[], nameOf: NameOf): string[] =>
  inWords(probed, "accepted", (own, found) => {
    return `On ${formatList(own.map(nameOf))} an application builds ${formatList(found.map((probe) => probes[probe].build))}.`;
  });

/** What each target's protocol gives. */
export const givenInWords = (probed: readonly Probed[], nameOf: NameOf): string[] =>
  inWords(probed, "refused-by-protocol", (own, found) => {
    return `What ${formatList(own.map(nameOf))} brought by specification: ${formatList(found.map((probe) => probes[probe].gives))}.`;
  });

/** Probes that had something to attack somewhere. */
export const tellingProbes = (probed: readonly Probed[]): ProbeName[] =>
  askedProbes(probed).filter((probe) =>
    probed.some(({ findings }) => (findings.get(probe)?.outcome ?? "not-applicable") !== "not-applicable"),
  );
