/** What claims need, as parts of one run: each cell once, however many claims look at it. */

import { pollInterval } from "../../protocol/options/poll-interval.ts";
import type { Claim, Need } from "../../results/claims/claim.ts";
import { claims } from "../../results/claims/claims.ts";
import { availableBrokers } from "../experiments/cluster/presets.ts";
import type { Experiment } from "../experiments/contract/experiment.ts";
import type { RunRequest } from "../experiments/contract/request.ts";
import { clusterExperiments, experimentNamed, experiments } from "../experiments/experiments.ts";
import { parseLink } from "../links/link-conditions.ts";
import { withPollInterval } from "../profiles/polling-as-asked.ts";
import type { ProfileFile } from "../profiles/profile-file.ts";
import { readProfile } from "../profiles/shipped.ts";
import type { Part } from "../run/parts.ts";
import { mainProtocolNames, protocolNames, protocols } from "../targets/protocols.ts";
import { parseTarget, type Target } from "../targets/target.ts";
import type { ClaimPreset } from "./presets.ts";

/** In report order, whatever the order of the claims; the protocol that is listed first is what others are compared with. */
export function partsFor(asked: readonly Claim[], preset: ClaimPreset): Part[] {
  const needs = asked.flatMap((claim) => claim.needs);
  const all = asked.length === claims.length ? [...needs, ...besides] : needs;
  const parts = all.map((need) => partFor(need, preset));
  return parts.sort(
    (a, b) => experiments.indexOf(a.experiment) - experiments.indexOf(b.experiment) || firstOf(a) - firstOf(b),
  );
}

const firstOf = ({ request: { targets } }: Part): number =>
  targets[0] === undefined ? 0 : protocolNames.indexOf(targets[0].protocol);

/**
 * Who wants all of them also wants to know whether this harness sees what others saw: on the ways of which figures were
 * published, with a login and without, so that what is timed of them fits one set of trials. Round trips of 162 ms are told
 * apart in one.
 */
const publishedWays = protocols.map(({ server }) => server.traits).filter(({ floor }) => !floor);
const besides: readonly Need[] = [
  {
    experiment: "literature",
    targets: publishedWays.filter(({ mechanisms }) => mechanisms === undefined).map(({ name }) => name),
    counts: true,
  },
  {
    experiment: "literature",
    targets: publishedWays
      .filter(({ mechanisms, downlink }) => mechanisms !== undefined && downlink === "held-request")
      .map(({ name }) => name),
    variants: ["exchange at 162 ms"],
    counts: true,
  },
];

function partFor({ experiment: name, targets, variants, link, profile, counts }: Need, preset: ClaimPreset): Part {
  const experiment = experimentNamed(name);
  return {
    experiment,
    request: requestFor(experiment, { targets, link, profile }, preset),
    trialsMax: counts
      ? preset.countTrials
      : clusterExperiments.includes(experiment)
        ? preset.clusterTrials
        : preset.trials,
    ...(variants !== undefined && { variants }),
    named: { link, profile },
  };
}

type Asked = { readonly [Name in "targets" | "link" | "profile"]: Need[Name] | undefined };

function requestFor(experiment: Experiment, asked: Asked, preset: ClaimPreset): RunRequest {
  const { traffic, profiled } = preset;
  const cluster = { ...preset.cluster, brokers: availableBrokers(preset.cluster) };
  if (clusterExperiments.includes(experiment)) return { targets: [], traffic, cluster };
  const file = asked.profile === undefined ? undefined : readProfile(asked.profile);
  const link = asked.link === undefined ? file?.link : parseLink(asked.link);
  const targets = (asked.targets ?? mainProtocolNames).map(parseTarget);
  return {
    targets: file === undefined ? targets : targets.map((target) => served(target, file)),
    traffic: { ...(file === undefined ? traffic : { ...traffic, ...profiled }), ...(link !== undefined && { link }) },
    cluster,
    ...(file !== undefined && { profile: file.profile }),
  };
}

/** Polled as often as the application asks; its label says so, since other parts poll at another interval. */
function served(target: Target, file: ProfileFile): Target {
  const own = withPollInterval(target, file);
  return own === target ? target : { ...own, label: `${target.label}+${pollInterval.name}=${file.pollInterval}` };
}
