import { criteria } from "../../../results/contract/profile.ts";
import { perUsers, scaled } from "../../../results/decision/profile-options.ts";
import {
  formatCount,
  formatDuration,
  formatInterval,
  formatList,
  formatQuantity,
} from "../../../results/quantities/format.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, right } from "../../text/table.ts";
import {
  choiceInWords,
  criterionWords,
  type DecisionView,
  decisionsOf,
  flipInWords,
  profileExperiment,
  scaleInWords,
  trafficInWords,
  weightsInWords,
} from "../../view/decision.ts";
import { showEstimate } from "../../view/shown-estimate.ts";
import { joinSections, notedTable, type Section, textSection } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

/** Which target fits an application, with everything that decides it; of several, one after the other. */
export const profileSection: OwnSection = {
  experiments: [profileExperiment],
  write: (view) => joinSections(decisionsOf(view).map((found, index) => sectionOf(found, index === 0))),
};

/** `explains`: what holds for every application is said of the first. */
function sectionOf(found: DecisionView, explains: boolean): Section {
  const { profile, rows, flips, decision } = found;
  const table = notedTable((notes) => ({
    columns: [
      left("Target"),
      right("score"),
      right(`p50, ${profile.feels}`),
      right(`p99, ${profile.feels}`),
      right("bytes per user-hour"),
      right(`CPU time a second for ${formatCount(perUsers)} users`),
      right(`memory for ${formatCount(perUsers)} users`),
      left("must be built"),
    ],
    rows: rows.map(({ name, score, costs, builds }) => [
      escapeText(name),
      score === undefined ? "–" : formatInterval(score, "ratio"),
      showEstimate(costs.delay, "us", notes, escapeText),
      showEstimate(costs.tail, "us", notes, escapeText),
      showEstimate(costs.bytes, "memory", notes, escapeText),
      showEstimate(scaled(costs.cpu, 1e6), "us", notes, (why) =>
        escapeText(costs.cpu.kind === "unsettled" ? `${why}; they are of one user` : why),
      ),
      showEstimate(costs.memory, "memory", notes, escapeText),
      builds.length === 0 ? "nothing of what it needs" : formatList(builds),
    ]),
  }));
  const counted = criteria.filter((criterion) => profile.weights[criterion] > 0);
  const { users, fanOut, sessionMs, idleShare } = profile;
  const markdown = blocks(
    `**${escapeText(profile.title)}**: ${escapeText(choiceInWords(found))}.`,
    `${formatCount(users)} users, each while active: ${trafficInWords(profile)}. An update goes to ${formatCount(fanOut)}; a session lasts ${formatDuration(sessionMs)}, ${formatQuantity(idleShare, "share")} of it idle.`,
    table,
    `Weights: ${weightsInWords(profile)}.${explains ? ` A score is the weighted geometric mean of ${formatList(counted.map((criterion) => criterionWords[criterion]))}, over that of the first: 1 is the first, less is better. What must be built counts as one and as many as there are things to build. The interval takes the errors of the costs as independent; where it overlaps that of the first, nobody can tell which of the two is first.` : ""}`,
    flips.length === 0
      ? "No single weight up to 100, and no rate from a hundredth to a hundred times that of the profile, puts another first."
      : `Another is first where one thing changes and all else stays, by the middles of what was measured:\n\n${bullets(flips.map((flip) => escapeText(flipInWords(flip, profile))))}`,
    ...(decision.unknown.length === 0
      ? []
      : [`Not in the score, since it is known of no target: ${formatList(decision.unknown)}.`]),
    ...decision.unranked.map(
      ({ option, lacks }) => `${escapeText(option.name)} is not ranked: it lacks ${formatList(lacks)}.`,
    ),
    `Measured: ${escapeText(scaleInWords(found))}${explains ? `: so many times the users cost so many times as much. That is an upper estimate of a busy server, which handles several messages each time it wakes up, and says nothing of more users than one server holds. With other rates, delays are taken to stay as they are` : ""}.`,
  );
  return textSection(markdown);
}
