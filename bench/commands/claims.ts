import { join } from "node:path";
import { Command, Option } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";
import { named } from "../../protocol/suggestion.ts";
import { parseCount } from "../../protocol/units.ts";
import { renderClaims, renderTally } from "../../reports/screen/claims-table.ts";
import { wrap } from "../../reports/text/wrap.ts";
import type { Claim, Need } from "../../results/claims/claim.ts";
import { claims as allClaims, decideClaims } from "../../results/claims/claims.ts";
import type { Results } from "../../results/contract/results.ts";
import { formatDuration, plural } from "../../results/quantities/format.ts";
import { partsFor } from "../claims/plan.ts";
import { type ClaimPresetName, claimPresets } from "../claims/presets.ts";
import { refuseOther } from "../claims/same-plan.ts";
import type { PlannedCell } from "../run/cell-state.ts";
import { measuredIn } from "../run/earlier.ts";
import { conformanceMs, trialMs, trialsOf } from "../run/estimate.ts";
import { cellsOf } from "../run/parts.ts";
import { argument, choice } from "./argument.ts";
import { columnsOf } from "./columns.ts";
import { exitCodes } from "./exit-codes.ts";
import { lookOf } from "./look.ts";
import { measure } from "./measure.ts";
import { defaultOutputFolder } from "./output.ts";
import { newestResults, readResults } from "./read-results.ts";

interface ClaimsOptions {
  preset: ClaimPresetName;
  trials?: number;
  seed: number;
  continue?: string | true;
  list?: boolean;
  out?: string;
}

const examples = `
Examples:
  wirebench claims                          all of them: about ten minutes in the preset quick
  wirebench claims xmpp-binary ws-fastest   these two, with everything behind the verdict
  wirebench claims --list                   what there is, what each needs measured, and how long that takes
  wirebench claims --continue               what an interrupted run has not measured yet

Each claim is a sentence that is taught. Its verdict is a rule over what was measured; the numbers it looked at, what would
turn it and the command that measures it again stand beside it, on the screen and in report.md. A claim that needs a program
which is not on this machine is not measured, and says how to install it; npm run setup brings all of them.`;

/** Where results go that nobody gave a folder for. */
const resultsBelow = join("reports", "out");

export function claimsCommand(): Command {
  return new Command("claims")
    .description("measure what taught sentences about these protocols are worth, and give each its verdict")
    .argument("[id...]", "claims by their ids (default: all)")
    .addOption(
      choice(new Option("--preset <name>", "how long and how much"), "preset", Object.keys(claimPresets)).default(
        "quick",
      ),
    )
    .option("--trials <count>", "repetitions of every cell in fresh processes", argument(parseCount))
    .option(
      "--seed <number>",
      "seed of everything that chance decides",
      argument((text) => parseCount(text, 0)),
      1,
    )
    .option("--continue [dir]", "keep what an interrupted run measured there (default: the newest) and run the rest")
    .option("--list", "print the claims, what each needs measured and how long that takes; run nothing")
    .option("--out <dir>", "where results.json, report.md and the charts go (default: reports/out/<time>/)")
    .addHelpText("after", examples)
    .action(async (ids: string[], options: ClaimsOptions, command: Command) => {
      process.exitCode = await runClaims(ids, options, command);
    });
}

async function runClaims(ids: readonly string[], options: ClaimsOptions, command: Command): Promise<number> {
  const asked = ids.map((id) => named("claim", id, allClaims, (claim) => claim.id));
  if (options.list === true) return list(asked.length > 0 ? asked : allClaims);
  const earlier = options.continue === undefined ? undefined : earlierRun(options.continue);
  if (earlier !== undefined) refuseOther(earlier.results, givenIn(command, options));
  const chosen = chosenBy(asked, earlier?.results);
  const preset = (earlier?.results.preset as ClaimPresetName | undefined) ?? options.preset;
  const { trials, ...settings } = claimPresets[preset];
  const own = options.trials ?? trials;
  const parts = partsFor(chosen, options.trials === undefined ? { trials, ...settings } : withTrials(settings, own));
  const details = chosen.length < allClaims.length ? chosen.map(({ id }) => id) : asked.map(({ id }) => id);
  if (parts.length === 0) return decideUnmeasured(chosen, details);
  const out = options.out ?? earlier?.folder ?? defaultOutputFolder(new Date());
  const exitCode = await measure({
    command: earlier?.results.command ?? ["wirebench", command.name(), ...command.parent!.args.slice(1)].join(" "),
    preset,
    seed: earlier?.results.seed ?? options.seed,
    trials: own,
    claims: chosen.map(({ id }) => id),
    ...(earlier !== undefined && { earlier: earlier.results }),
    parts,
    given: [],
    out,
    announce: (cells) => announcement(chosen, cells, { preset, trials: own, earlier: earlier?.results }),
    view: {
      summary: (results, look) => renderClaims(results, look, details),
      live: renderTally,
    },
  });
  if (exitCode === exitCodes.interrupted) {
    process.stdout.write(`To go on: wirebench claims --continue ${out}\n`);
  }
  return exitCode;
}

const withTrials = (settings: Omit<(typeof claimPresets)[ClaimPresetName], "trials">, trials: number) => ({
  ...settings,
  trials,
  clusterTrials: trials,
  countTrials: trials,
});

/** Those of the run that is continued stay, whoever else is named. */
function chosenBy(asked: readonly Claim[], earlier: Results | undefined): readonly Claim[] {
  const before = earlier?.claimsAsked ?? [];
  if (asked.length === 0 && before.length === 0) return allClaims;
  return allClaims.filter((claim) => asked.includes(claim) || before.includes(claim.id));
}

/** Nothing that they need can be measured. */
function decideUnmeasured(chosen: readonly Claim[], details: readonly string[]): number {
  const ids = chosen.map(({ id }) => id);
  const claims = decideClaims({ cells: [], targets: [] }, ids).filter(({ id }) => ids.includes(id));
  process.stdout.write(`${renderClaims({ claims, cells: [], interrupted: false }, lookOf(process.stdout), details)}\n`);
  return exitCodes.ok;
}

/** What the command line says, leaving out what it says only by default. */
function givenIn(command: Command, { preset, seed }: ClaimsOptions): { preset?: string; seed?: number } {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) !== "default";
  return { ...(isGiven("preset") && { preset }), ...(isGiven("seed") && { seed }) };
}

function earlierRun(from: string | true): { folder: string; results: Results } {
  if (from !== true) return { folder: from, results: readResults(join(from, "results.json")) };
  const newest = newestResults(resultsBelow, ({ claimsAsked }) => claimsAsked !== undefined);
  if (newest === undefined) {
    throw new WirebenchError("usage", `there is nothing to continue below ${resultsBelow}`, {
      hint: "name the folder of a run of wirebench claims: --continue DIR",
    });
  }
  return { folder: join(newest.path, ".."), results: newest.results };
}

interface Planned {
  readonly preset: string;
  readonly trials: number;
  readonly earlier: Results | undefined;
}

function announcement(chosen: readonly Claim[], cells: readonly PlannedCell[], planned: Planned): string {
  const { preset, trials, earlier } = planned;
  const known = measuredIn(earlier);
  const left = cells.map((cell) => Math.max(0, trialsOf(cell, trials) - (known(cell)?.trials.length ?? 0)));
  const ms = cells.reduce((sum, cell, index) => sum + left[index]! * trialMs(cell), 0);
  const open = cells.filter((_, index) => left[index]! > 0);
  const minutes = Math.max(1, Math.round((ms + conformanceMs(open)) / 60_000));
  const from = earlier === undefined ? "" : `${open.length} of `;
  return `${plural(chosen.length, "claim")}, ${from}${plural(cells.length, "cell")}: about ${formatDuration(minutes * 60_000)} in the preset ${preset}. Ctrl-C writes what there is; wirebench claims --continue goes on from there.`;
}

function list(chosen: readonly Claim[]): number {
  const columns = columnsOf(process.stdout);
  const lines = [...Map.groupBy(chosen, ({ about }) => about)].flatMap(([chapter, own]) => [
    lookOf(process.stdout).paint("strong", chapter),
    ...own.flatMap((claim) => listed(claim, columns)),
    "",
  ]);
  process.stdout.write(`${lines.join("\n").trimEnd()}\n`);
  return exitCodes.ok;
}

function listed(claim: Claim, columns: number): string[] {
  const indent = "    ";
  const { id, statement, needs } = claim;
  const words = needs.length === 0 ? "needs no measurement" : `needs ${needsInWords(needs)}; ${durationOf(claim)}`;
  const lines = [...wrap(`${id}: ${statement}`, columns, indent), ...wrap(indent + words, columns, indent)];
  return lines.map((line) => line.replaceAll(hardSpace, " "));
}

/** A number stays with its unit where a line is broken. */
const hardSpace = "\u00a0";

/** `about 20 s`: of what it needs by itself, in the preset quick. */
function durationOf(claim: Claim): string {
  const { trials } = claimPresets.quick;
  const cells = cellsOf(partsFor([claim], claimPresets.quick));
  const ms = cells.reduce((sum, cell) => sum + trialsOf(cell, trials) * trialMs(cell), conformanceMs(cells));
  return `about ${formatDuration(Math.ceil(ms / 10_000) * 10_000).replace(" ", hardSpace)}`;
}

/** Those that differ in their profile only, as one. */
const needsInWords = (needs: readonly Need[]): string =>
  [...Map.groupBy(needs, ({ profile: _, ...rest }) => JSON.stringify(rest)).values()].map(needInWords).join("; ");

function needInWords(alike: readonly Need[]): string {
  const { experiment, targets, variants, link } = alike[0]!;
  const profiles = alike.flatMap(({ profile }) => profile ?? []).join(", ");
  const of = targets === undefined ? "" : ` of ${targets.join(", ")}`;
  const over = link === undefined ? "" : ` over ${link}`;
  const only = variants === undefined ? "" : ` (${variants.join("; ")})`;
  return `${experiment}${profiles === "" ? "" : ` ${profiles}`}${of}${over}${only}`;
}
