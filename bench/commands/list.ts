import { Command } from "commander";
import type { Traits } from "../../protocol/contract.ts";
import { inspectProgram } from "../../servers/programs/program.ts";
import { programs } from "../../servers/programs/programs.ts";
import { libraryVersion } from "../environment/environment.ts";
import { presets } from "../experiments/comparison/presets.ts";
import { experiments } from "../experiments/experiments.ts";
import { protocols } from "../targets/protocols.ts";

export function listCommand(): Command {
  return new Command("list")
    .description("list protocols, experiments, presets and the programs found on this machine")
    .option("--json", "as JSON, for scripts")
    .action(({ json }: { json?: boolean }) => {
      const inventory = takeInventory();
      process.stdout.write(json ? `${JSON.stringify(inventory, null, 2)}\n` : describe(inventory));
    });
}

type Inventory = ReturnType<typeof takeInventory>;

function takeInventory() {
  return {
    protocols: protocols.map(({ server: { traits } }) => ({ ...traits, versions: libraryVersions(traits) })),
    experiments: experiments.map(({ name, group, title, question }) => ({ name, group, title, question })),
    presets,
    components: programs.map(inspectProgram),
  };
}

function libraryVersions({ libraries }: Traits): Record<string, string> {
  const names = new Set([...libraries.server, ...libraries.client]);
  return Object.fromEntries([...names].map((name) => [name, libraryVersion(name)]));
}

function describe({ protocols: known, experiments: shapes, presets: sizes, components: found }: Inventory): string {
  return [
    "Protocols (a target is PROTOCOL for the server that comes with wirebench, PROTOCOL=URL for one already running)",
    ...known.flatMap(({ name, summary, uplink, downlink, framing, versions, foreignContract, options = [] }) => [
      `  ${name.padEnd(14)} ${summary}`,
      `  ${"".padEnd(14)} uplink ${uplink}, downlink ${downlink}, ${framing} framing${libraryList(versions)}`,
      `  ${"".padEnd(14)} a server of your own must: ${foreignContract}`,
      ...options.map(({ name: option, summary: what }) => `  ${"".padEnd(14)} option +${option}: ${what}`),
    ]),
    "",
    "Experiments (capacity runs as: wirebench run --find-capacity)",
    ...shapes.map(({ name, group, question }) => `  ${name.padEnd(16)} ${group.padEnd(10)} ${question}`),
    "",
    "Presets",
    ...Object.entries(sizes).map(
      ([
        name,
        {
          trials,
          settings: { connections, ratePerSecond, durationMs },
        },
      ]) =>
        `  ${name.padEnd(14)} ${trials} trials, ${connections} connections, ${ratePerSecond} messages/s, windows of ${durationMs / 1000} s`,
    ),
    "",
    "Programs on this machine (none is needed to compare protocols)",
    ...found.map((program) => {
      const state = "path" in program ? `${program.version} at ${program.path}` : `not found: ${program.install}`;
      return `  ${program.name.padEnd(14)} ${program.role}: ${state}`;
    }),
    "",
  ].join("\n");
}

const libraryList = (versions: Record<string, string>): string => {
  const entries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return entries.length > 0 ? `; ${entries.join(", ")}` : "";
};
