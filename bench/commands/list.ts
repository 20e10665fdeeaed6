import { Command } from "commander";
import type { Traits } from "../../protocol/contract.ts";
import type { Durability } from "../../protocol/durability.ts";
import { hang, wrap } from "../../reports/text/wrap.ts";
import { brokers } from "../../servers/cluster/brokers/brokers.ts";
import { inspectProgram } from "../../servers/programs/program.ts";
import { programs } from "../../servers/programs/programs.ts";
import { libraryVersion } from "../environment/environment.ts";
import { presets } from "../experiments/comparison/presets.ts";
import { experiments } from "../experiments/experiments.ts";
import { protocols } from "../targets/protocols.ts";
import { columnsOf } from "./columns.ts";

export function listCommand(): Command {
  return new Command("list")
    .description("list protocols, experiments, presets and the programs found on this machine")
    .option("--json", "as JSON, for scripts")
    .action(({ json }: { json?: boolean }) => {
      const inventory = takeInventory();
      process.stdout.write(
        json ? `${JSON.stringify(inventory, null, 2)}\n` : describe(inventory, columnsOf(process.stdout)),
      );
    });
}

export type Inventory = ReturnType<typeof takeInventory>;

export function takeInventory() {
  return {
    protocols: protocols.map(({ server: { traits } }) => ({
      ...traits,
      programs: programs.filter(({ serves = {} }) => traits.name in serves).map(({ name }) => name),
      versions: libraryVersions(traits),
    })),
    brokers: brokers.map(({ traits: { component, libraries, ...traits } }) => traits),
    experiments: experiments.map(({ name, aliases, group, title, question }) => ({
      name,
      aliases,
      group,
      title,
      question,
    })),
    presets,
    components: programs.map(inspectProgram),
  };
}

function libraryVersions({ libraries }: Traits): Record<string, string> {
  const names = new Set([...libraries.server, ...libraries.client]);
  return Object.fromEntries([...names].map((name) => [name, libraryVersion(name)]));
}

/** For a terminal, no line longer than `columns` but for a path that is. */
export function describe(inventory: Inventory, columns: number): string {
  const { protocols: known, brokers: between, experiments: shapes, presets: sizes, components: found } = inventory;
  const names = [...known, ...between, ...shapes, ...found].map(({ name }) => name.length);
  const at = Math.max(...names) + 4;
  const entry = (name: string, ...texts: readonly string[]): string[] =>
    texts.flatMap((text, index) => hang(index === 0 ? `  ${name}` : "", text, { columns, at }));
  const lines = [
    ...wrap(
      "Protocols (a target is PROTOCOL for the server that comes with wirebench, PROTOCOL@PROGRAM for a real one that it starts, PROTOCOL=URL for one already running)",
      columns,
      "  ",
    ),
    ...known.flatMap(
      ({ name, summary, uplink, downlink, framing, versions, programs: real, foreignContract, options = [] }) =>
        entry(
          name,
          summary,
          `uplink ${uplink}, downlink ${downlink}, ${framing} framing${libraryList(versions)}`,
          ...(real.length === 0 ? [] : [`real servers: ${real.map((program) => `${name}@${program}`).join(", ")}`]),
          `a server of your own must: ${foreignContract}`,
          ...options.map(({ name: option, summary: what }) => `option +${option}: ${what}`),
        ),
    ),
    "",
    ...wrap("Brokers between the nodes of a cluster, each in its configurations (--broker NAME)", columns, "  "),
    ...between.flatMap(({ name, summary, history, durability }) =>
      entry(name, summary, ...(history ? [describeDurability(durability)] : [])),
    ),
    "",
    ...wrap(
      "Experiments (capacity runs as: wirebench run --find-capacity; profile as: wirebench profile)",
      columns,
      "  ",
    ),
    ...shapes.flatMap(({ name, group, question }) => entry(name, `${group}: ${question}`)),
    "",
    "Presets",
    ...Object.entries(sizes).flatMap(([name, { trials, settings }]) => {
      const { connections, ratePerSecond, durationMs } = settings;
      return entry(
        name,
        `${trials} trials, ${connections} connections, ${ratePerSecond} messages/s, windows of ${durationMs / 1000} s`,
      );
    }),
    "",
    ...wrap("Programs on this machine (none is needed to compare protocols)", columns, "  "),
    ...found.flatMap((program) => {
      const state = "path" in program ? `${program.version} at ${program.path}` : `not found: ${program.install}`;
      return entry(program.name, `${program.role}: ${state}`);
    }),
  ];
  return `${lines.join("\n")}\n`;
}

const describeDurability = ({ fsync, replicas, acknowledgedBy }: Durability): string =>
  `synced ${fsync}; ${acknowledgedBy} of ${replicas} ${replicas === 1 ? "copy" : "copies"} when acknowledged`;

const libraryList = (versions: Record<string, string>): string => {
  const entries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return entries.length > 0 ? `; ${entries.join(", ")}` : "";
};
