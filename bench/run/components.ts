/** The libraries and programs that carry the messages of some cells, with their versions. */
import { balancerNamed } from "../../servers/cluster/balancers/balancers.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import { socketIoLibraries } from "../../servers/cluster/socketio/adapters.ts";
import { findProgram, programVersion } from "../../servers/programs/program.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import { libraryVersions } from "../environment/environment.ts";
import type { CellPlan } from "../experiments/contract/experiment.ts";
import { traitsOf } from "../targets/target.ts";
import { otherServerOf } from "./described-servers.ts";

export function componentsOf(cells: readonly CellPlan[]): Record<string, string> {
  const brokers = brokersIn(cells).map((name) => brokerNamed(name).traits);
  const programs = new Set([
    ...cells.flatMap(({ target: { system }, parameters: { settings } }) => {
      if (system.kind === "cluster") return [balancerNamed(String(settings.balancer ?? "haproxy")).program];
      return system.kind === "program" ? [system.program] : [];
    }),
    ...cells.flatMap(({ parameters }) => (parameters.settings.state === "outside" ? ["redis"] : [])),
    ...cells.flatMap((cell) => otherServerOf(cell) ?? []),
    ...brokers.flatMap(({ component }) => component ?? []),
  ]);
  const libraries = new Set([
    ...cells.flatMap(({ target }) => Object.values(traitsOf(target).libraries).flat()),
    ...brokers.flatMap((traits) => traits.libraries),
    ...(cells.some(({ parameters }) => parameters.settings.nodeSoftware === "socket.io") ? socketIoLibraries : []),
  ]);
  return {
    ...Object.fromEntries([...programs].flatMap((name) => versionOf(name) ?? [])),
    ...libraryVersions([...libraries]),
  };
}

/** Every broker of these cells, once, in their order. */
export const brokersIn = (cells: readonly CellPlan[]): string[] => [
  ...new Set(
    cells.flatMap(({ parameters: { broker } }) => (broker === undefined || broker === "none" ? [] : [broker])),
  ),
];

function versionOf(name: string): [[string, string]] | undefined {
  const program = programNamed(name);
  const found = findProgram(program);
  return found === undefined ? undefined : [[name, programVersion(program, found)]];
}
