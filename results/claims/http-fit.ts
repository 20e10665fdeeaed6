import { completeTrials, usable } from "../contract/cells.ts";
import type { Cell } from "../contract/results.ts";
import { type Decision as Choice, decideBetween, flipsOf } from "../decision/decision.ts";
import { profileOption } from "../decision/profile-options.ts";
import { formatList } from "../quantities/format.ts";
import { trialsForIntervalMin } from "../statistics/intervals.ts";
import { type Claim, type Decidable, evidenceOf, type Need, present, type Seen, seenIn, unmeasured } from "./claim.ts";

const scenario = "profile";
const [stream, requests] = ["websocket", "long-polling"] as const;

/** By the name of the profile that ships, and its title in the results. */
const taughtForStreams = {
  market: "Market prices",
  game: "Multiplayer game",
  editor: "Collaborative editor",
  chat: "Messaging",
};
const taughtForRequests = { search: "Search", email: "E-mail", feed: "Social feed", scores: "Final scores" };

interface Fit {
  readonly title: string;
  /** Undefined: nobody can tell. */
  readonly first: string | undefined;
  readonly seen: readonly Seen[];
  readonly flips: string | undefined;
}

export const httpFit: Claim = {
  id: "http-fit",
  statement: "WebSocket fits applications that need quick two-way data; HTTP fits those that do not.",
  about: "WebSocket and HTTP",
  needs: [
    ...Object.keys({ ...taughtForStreams, ...taughtForRequests }).map(
      (profile): Need => ({ experiment: scenario, targets: [stream, requests], profile }),
    ),
    // What a connection takes of a server's memory.
    { experiment: "idle", targets: [stream, requests] },
  ],
  flipsAt: "an application that the other one fits better, under the weights of its profile",
  decide(results) {
    const fitting = (titles: object): Fit[] => Object.values(titles).flatMap((title) => fitOf(results, title) ?? []);
    const [quick, slow] = [fitting(taughtForStreams), fitting(taughtForRequests)];
    if (quick.length === 0 || slow.length === 0) {
      return unmeasured("no cell was an application that needs quick two-way data, or none was one that does not");
    }
    const all = [...quick, ...slow];
    const evidence = evidenceOf(...all.map(({ seen }) => seen));
    if (all.every(({ first }) => first === undefined)) {
      return unmeasured(`of ${all.length} applications none tells ${stream} from ${requests}`);
    }
    const flips = all.flatMap((fit) => fit.flips ?? []);
    const more = flips.length === 0 ? {} : { flipsAt: formatList(flips.slice(0, 2)) };
    const taught = [
      ...quick.filter(({ first }) => first === stream),
      ...slow.filter(({ first }) => first === requests),
    ];
    const streamed = all.filter(({ first }) => first === stream);
    const inShort = `as taught ${taught.length} of ${all.length}; ${stream} first in ${streamed.length}`;
    if (taught.length === all.length) return { verdict: "holds", inShort, evidence, ...more };
    if (taught.length === 0) return { verdict: "does-not-hold", evidence, ...more };
    return { verdict: "holds-when", when: inWords(all, taught), inShort, evidence, ...more };
  },
};

/** For which it is as taught, and what comes first for the others. */
function inWords(all: readonly Fit[], taught: readonly Fit[]): string {
  const others = all.filter((fit) => !taught.includes(fit));
  const named = (fits: readonly Fit[]): string => formatList(fits.map(({ title }) => title));
  const groups = [stream, requests, undefined].flatMap((target) => {
    const own = others.filter(({ first }) => first === target);
    if (own.length === 0) return [];
    return [`${target === undefined ? "nobody can tell" : `${target} comes first`} for ${named(own)}`];
  });
  return [
    `the application is ${named(taught)}, by the weights of its profile and with ${requests} for HTTP, since a plain request brings nothing that comes by itself, as what goes down does here`,
    ...groups,
  ].join("; ");
}

/** Undefined where the application was not measured on both. */
function fitOf(results: Decidable, title: string): Fit | undefined {
  const cells = [stream, requests].flatMap((target) => {
    const found = results.cells.find(
      (cell) => cell.scenario === scenario && cell.target === target && cell.parameters.profile?.title === title,
    );
    return usable(found) ?? [];
  });
  const profile = cells[0]?.parameters.profile;
  if (cells.length < 2 || profile === undefined) return undefined;
  const options = cells.map((cell) => {
    const target = results.targets.find(({ label }) => label === cell.target);
    return profileOption(cell.target, target ?? {}, cell, idleOf(results, cell.target), profile).option;
  });
  const choice = decideBetween(options, profile.weights);
  const idle = cells.map((cell) => usable(idleOf(results, cell.target)));
  const hasIntervals = present(...cells, ...idle).every((cell) => completeTrials(cell).length >= trialsForIntervalMin);
  const delay = profile.feels === "up" ? "uplinkScheduledP50Us" : "downlinkScheduledP50Us";
  const seen = ([delay, "wireBytesPerUserHour"] as const).flatMap((metric) =>
    seenIn(
      results,
      metric,
      (cell) => cells.includes(cell),
      (cell) => `${title} on ${cell.target}`,
    ),
  );
  return {
    title,
    first: hasIntervals ? firstOf(choice) : undefined,
    seen,
    flips: flipInWords(title, options, profile.weights),
  };
}

const idleOf = ({ cells }: Decidable, target: string): Cell | undefined =>
  cells.find((cell) => cell.scenario === "idle" && cell.target === target);

/** The only one that nobody else may be as good as. */
function firstOf({ ranked, unranked }: Choice): string | undefined {
  const first = ranked.filter(({ isFirst }) => isFirst);
  return unranked.length === 0 && first.length === 1 ? first[0]!.option.name : undefined;
}

function flipInWords(title: string, ...asked: Parameters<typeof flipsOf>): string | undefined {
  const [nearest] = flipsOf(...asked);
  if (nearest === undefined) return undefined;
  const at = Number(nearest.at.toPrecision(2));
  const condition = nearest.kind === "rate" ? `at ${at} times the messages` : `if ${nearest.criterion} weighs ${at}`;
  return `${title} on ${nearest.to}, ${condition}`;
}
