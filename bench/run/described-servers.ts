import type { ServerInfo } from "../../results/contract/results.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import type { CellPlan } from "../experiments/contract/experiment.ts";

/** Every real server of these cells, and what stands before them, once, with its configuration, and that with which it talks to others. */
export function describeServers(cells: readonly CellPlan[]): ServerInfo[] {
  const names = new Set(cells.flatMap(({ target: { system } }) => (system.kind === "program" ? [system.program] : [])));
  const onTheWay = new Map(cells.flatMap((cell) => cell.onTheWay ?? []).map((info) => [info.name, info]));
  const talking = new Set(cells.flatMap((cell) => otherServerOf(cell) ?? []));
  return [
    ...[...names].map((name) => ({ name, configuration: programNamed(name).configuration })),
    ...[...talking].map((name) => ({
      name: `${name}, talking to other servers over TLS`,
      configuration: programNamed(name).federates?.configuration,
    })),
    ...onTheWay.values(),
  ].flatMap(({ name, configuration }) =>
    configuration === undefined ? [] : [{ name, configuration: configuration.trim() }],
  );
}

/** The program that the server of a cell talks to; undefined where it talks to none. */
export function otherServerOf({ parameters: { settings } }: CellPlan): string | undefined {
  return settings.otherServer === undefined ? undefined : String(settings.otherServer);
}
