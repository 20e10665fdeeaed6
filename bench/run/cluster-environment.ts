import type { ClusterResults } from "../../results/contract/cluster-results.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import { findProgram, programVersion } from "../../servers/programs/program.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import { describeEnvironment, libraryVersions } from "../environment/environment.ts";
import type { Setup } from "../rigs/cluster/cluster-setup.ts";
import { protocolNamed } from "../targets/protocols.ts";

/** The machine, and the programs and libraries that carry the messages of these set-ups, with their versions. */
export function clusterEnvironment(setups: readonly Setup[]): ClusterResults["environment"] {
  const brokers = [...new Set(setups.map(({ broker }) => broker))].flatMap((name) =>
    name === "none" ? [] : [brokerNamed(name).traits],
  );
  const protocols = [...new Set(setups.map(({ protocol }) => protocol))].map(
    (name) => protocolNamed(name).server.traits,
  );
  const outside = setups.some(({ state }) => state === "outside") ? ["redis"] : [];
  const programs = new Set(["haproxy", ...outside, ...brokers.flatMap(({ component }) => component ?? [])]);
  const libraries = new Set([
    ...protocols.flatMap(({ libraries: { server, client } }) => [...server, ...client]),
    ...brokers.flatMap(({ libraries }) => libraries),
  ]);
  return describeEnvironment({
    ...Object.fromEntries([...programs].flatMap((name) => versionOf(name) ?? [])),
    ...libraryVersions([...libraries]),
  });
}

function versionOf(name: string): [[string, string]] | undefined {
  const program = programNamed(name);
  const found = findProgram(program);
  return found === undefined ? undefined : [[name, programVersion(program, found)]];
}
