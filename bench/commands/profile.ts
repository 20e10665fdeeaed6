import { Command, Option } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";
import { tls } from "../../protocol/options/tls.ts";
import { parseCount, parseDurationMs } from "../../protocol/units.ts";
import { renderSummary } from "../../reports/report.ts";
import { profileExperiment } from "../../reports/view/decision.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import { criteria, type Weights } from "../../results/contract/profile.ts";
import type { Results } from "../../results/contract/results.ts";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import type { PresetName, RunRequest, TrafficSettings } from "../experiments/contract/request.ts";
import { type IdleCell, idle } from "../experiments/idle.ts";
import { profile as experiment } from "../experiments/profile.ts";
import { namedLinks, parseLink } from "../links/link-conditions.ts";
import { withPollInterval } from "../profiles/polling-as-asked.ts";
import type { ProfileFile } from "../profiles/profile-file.ts";
import { readProfile, shippedNames } from "../profiles/shipped.ts";
import { checkWeights, parseWeights } from "../profiles/weights.ts";
import { protocols } from "../targets/protocols.ts";
import { parseTarget, type Target } from "../targets/target.ts";
import { argument, choice } from "./argument.ts";
import { refuseRepeats } from "./contradictions.ts";
import { exitCodes } from "./exit-codes.ts";
import { givenTargets } from "./given-targets.ts";
import { lookOf } from "./look.ts";
import { measure } from "./measure.ts";
import { readResults } from "./read-results.ts";
import { givenSettings, type SettingOptions, withOptions } from "./settings.ts";

interface ProfileOptions {
  preset: PresetName;
  connections?: number;
  idleConnections?: number;
  link?: LinkConditions;
  weights?: Partial<Weights>;
  duration?: number;
  trials?: number;
  seed: number;
  out?: string;
  from?: string;
}

const examples = `
Examples:
  wirebench profile chat                                 a profile that ships, as it stands: less than ten minutes
  wirebench profile ./mine.yaml websocket+tls sse+tls    your own; profiles/*.yaml show the format
  wirebench profile chat --link 4g websocket+tls sse+tls long-polling+tls xmpp+tls
  wirebench profile market --weights delay=3,bytes=1     what counts how much
  wirebench profile --from reports/out/<time>/results.json --weights bytes=5   decide again, measure nothing

A profile is measured with few users and scaled to its own number; what is scaled, how, and which weight or rate would put
another protocol first is said beside the table.`;

export function profileCommand(): Command {
  return new Command("profile")
    .description("say which protocol fits an application, from its traffic: delay, bytes, cost, what must be built")
    .argument("[profile]", `${shippedNames().join(", ")}, or a file like ./mine.yaml`)
    .argument(
      "[target...]",
      "protocol[+option=value] (default: every main protocol, over TLS where the profile says so)",
    )
    .addOption(
      choice(new Option("--preset <name>", "how long and how much"), "preset", Object.keys(presets)).default("quick"),
    )
    .option("-c, --connections <count>", "most users that are measured", argument(parseCount))
    .option("--idle-connections <count>", "users that memory is measured with", argument(parseCount))
    .option(
      "--link <conditions>",
      `in place of the profile's: ${Object.keys(namedLinks).join(", ")}, or e.g. rtt=80ms,down=10mbit`,
      argument(parseLink),
    )
    .option(
      "--weights <weights>",
      `in place of the profile's, e.g. delay=3,bytes=1: ${criteria.join(", ")}`,
      argument(parseWeights),
    )
    .option("-d, --duration <time>", "measured time of each direction in one trial, e.g. 5s", argument(parseDurationMs))
    .option("--trials <count>", "repetitions of every cell in fresh processes", argument(parseCount))
    .option(
      "--seed <number>",
      "seed of the trial order and the payloads",
      argument((text) => parseCount(text, 0)),
      1,
    )
    .option("--out <dir>", "where results.json, report.md and the charts go (default: reports/out/<time>/)")
    .option("--from <results.json>", "decide again from what an earlier run measured")
    .addHelpText("after", examples)
    .action(async (name: string | undefined, targetTexts: string[], options: ProfileOptions, command: Command) => {
      process.exitCode = await (options.from === undefined
        ? measureProfile(name, targetTexts, options, command)
        : decideAgain(options.from, name, options.weights));
    });
}

/** Longer than a run of all experiments would take, since there are two. */
const settingsOf = (preset: PresetName): TrafficSettings => {
  const { settings } = presets[preset];
  const durationMs = Math.max(3000, settings.durationMs);
  return { ...settings, connections: 50, durationMs, idleMs: Math.max(1000, settings.idleMs), idleTrialsMax: 3 };
};

async function measureProfile(
  name: string | undefined,
  targetTexts: readonly string[],
  options: ProfileOptions,
  command: Command,
): Promise<number> {
  if (name === undefined) {
    throw new WirebenchError("usage", `expected a profile: ${shippedNames().join(", ")}, or a file like ./mine.yaml`);
  }
  const file = readProfile(name);
  const profile = { ...file.profile, weights: weighted(file.profile.weights, options.weights) };
  const targets = targetTexts.length > 0 ? given(targetTexts, file) : usualTargets(file);
  refuseRepeats(targets);
  const settings = settingsOf(options.preset);
  const linked = file.link === undefined ? settings : { ...settings, link: file.link };
  const request: RunRequest = {
    targets,
    traffic: withOptions<ProfileOptions, TrafficSettings>(linked, settingOptions, options),
    cluster: clusterPresets[options.preset],
    profile,
  };
  return await measure({
    command: ["wirebench", command.name(), ...command.parent!.args.slice(1)].join(" "),
    preset: options.preset,
    seed: options.seed,
    trials: options.trials ?? presets[options.preset].trials,
    parts: [experiment, idleNearby].map((one) => ({ experiment: one, request })),
    given: givenSettings(settingOptions, options),
    out: options.out,
  });
}

/**
 * A server's memory does not depend on how far away its users are, and far ones take long to connect. What the kernel
 * emulates is there for all.
 */
const idleNearby = {
  ...idle,
  cells({ traffic: { link, ...traffic }, ...request }: RunRequest): readonly IdleCell[] {
    return idle.cells({ ...request, traffic: { ...traffic, ...(link?.by !== undefined && { link }) } });
  },
};

const settingOptions: SettingOptions<ProfileOptions> = {
  connections: { flag: "--connections", settings: ["connections"] },
  idleConnections: { flag: "--idle-connections", settings: ["idleConnections"] },
  duration: { flag: "--duration", settings: ["durationMs"] },
  link: { flag: "--link", settings: ["link"] },
};

/** Every protocol but the floor, which no application is built on, and those that another one stands for. */
const usualTargets = (file: ProfileFile): Target[] =>
  protocols
    .map(({ server }) => server.traits)
    .filter(({ floor, variantOf }) => floor === undefined && variantOf === undefined)
    .map(({ name, options = [] }) => {
      const has = (option: string): boolean => options.some((known) => known.name === option);
      const encrypted = file.tls && has(tls.name) ? `+${tls.name}` : "";
      return withPollInterval(parseTarget(`${name}${encrypted}`), file);
    });

const given = (texts: readonly string[], file: ProfileFile): Target[] =>
  givenTargets(texts).map((target) => withPollInterval(target, file));

function weighted(weights: Weights, changed: Partial<Weights> = {}): Weights {
  const all = { ...weights, ...changed };
  checkWeights(all);
  return all;
}

/** The same numbers under other weights. */
function decideAgain(path: string, name: string | undefined, weights: Partial<Weights> | undefined): Promise<number> {
  if (name !== undefined) throw new WirebenchError("usage", `--from ${path} has its profile: leave out "${name}"`);
  const results = readResults(path);
  const isDecided = results.cells.some(
    ({ scenario, parameters }) => scenario === profileExperiment && parameters.profile,
  );
  if (!isDecided) throw new WirebenchError("usage", `${path} has no measured profile`);
  const cells = results.cells.map((cell): Results["cells"][number] => {
    const { profile } = cell.parameters;
    if (profile === undefined) return cell;
    const changed = { ...profile, weights: weighted(profile.weights, weights) };
    return { ...cell, parameters: { ...cell.parameters, profile: changed } };
  });
  process.stdout.write(`${renderSummary({ ...results, cells }, lookOf(process.stdout))}\n`);
  return Promise.resolve(exitCodes.ok);
}
