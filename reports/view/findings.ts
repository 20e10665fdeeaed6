/** What targets did with the probes of the security experiment, in the shape the section and the terminal ask for. */
import { completeTrials, measured } from "../../results/contract/cells.ts";
import type { Finding, FindingOutcome } from "../../results/contract/finding.ts";
import { formatList } from "../../results/quantities/format.ts";
import { findingsOf, type ProbeName, probeNames, probes } from "../../results/recording/findings.ts";
import type { CellView, ExperimentView } from "./view.ts";

export const securityExperiment = "security";

/** One target, and what it did. */
export interface Probed {
  readonly view: CellView;
  readonly findings: ReadonlyMap<ProbeName, Finding>;
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

/**
 * In sentences, one for targets that did the same, the longest list first: what an application on a target builds, and what
 * a target's protocol gives. Names are as `nameOf` has them.
 */
export function findingsInWords(probed: readonly Probed[], nameOf: (probed: Probed) => string): string[] {
  const alike = (outcome: FindingOutcome, say: (names: string, found: readonly ProbeName[]) => string) =>
    [...Map.groupBy(probed, (own) => probesWith(own, outcome).join())].flatMap(([, own]) => {
      const found = probesWith(own[0]!, outcome);
      return found.length === 0 ? [] : [{ count: found.length, text: say(formatList(own.map(nameOf)), found) }];
    });
  const built = alike("accepted", (names, found) => {
    return `On ${names} an application builds ${formatList(found.map((probe) => probes[probe].build))}.`;
  });
  const given = alike("refused-by-protocol", (names, found) => {
    return `What ${names} brought by specification: ${formatList(found.map((probe) => probes[probe].gives))}.`;
  });
  return [...given, ...built].sort((a, b) => b.count - a.count).map(({ text }) => text);
}

/** Probes that had something to attack somewhere. */
export const tellingProbes = (probed: readonly Probed[]): ProbeName[] =>
  askedProbes(probed).filter((probe) =>
    probed.some(({ findings }) => (findings.get(probe)?.outcome ?? "not-applicable") !== "not-applicable"),
  );
