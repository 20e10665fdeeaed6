/** What every process of Redis has in common, whatever it is to others. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { converse } from "./conversation.ts";
import type { ProgramPlace, ProgramRecipe } from "./private-program.ts";

export const redisScheme = "redis";

/** PING is refused while a process reads its data or has no master, so it is asked again soon; INFO says whose answer it is. */
export const redisProcess = (name: string) =>
  ({
    name,
    scheme: redisScheme,
    answers: ({ pid, ...place }) =>
      converse(
        place,
        "PING\r\nINFO server\r\n",
        [/^\+PONG\r\n/, new RegExp(`^process_id:${pid}\\r$`, "m")],
        /^-(LOADING|MASTERDOWN)/,
      ),
    portTaken: /Address already in use/,
    startMsMax: 60_000,
    stopMsMax: 2000,
  }) satisfies Partial<ProgramRecipe>;

type Settings = readonly (readonly [string, string | number])[];

/** For processes that are told new roles while they run: they write these into the file, and never read it anew from us. */
export function redisWithFile(
  name: string,
  settings: (place: Pick<ProgramPlace, "port" | "folder">) => Settings,
  ...flags: readonly string[]
): ProgramRecipe {
  const fileIn = (folder: string): string => join(folder, "redis.conf");
  return {
    ...redisProcess(name),
    async prepare(place) {
      const lines = settings(place).map(([key, value]) => `${key} ${value === "" ? '""' : value}\n`);
      await writeFile(fileIn(place.folder), lines.join(""));
    },
    arguments: ({ folder }) => [fileIn(folder), ...flags],
  };
}

/** Rejects unless the server there is a master whose replica has caught up. */
export async function hasReplica(server: Pick<ProgramPlace, "port" | "signal">): Promise<void> {
  const answer = await converse(server, "INFO replication\r\n", [/^master_repl_offset:\d+\r$/m]);
  if (!/^role:master\r$/m.test(answer) || !/^slave0:.*state=online/m.test(answer)) {
    throw new Error("without its replica");
  }
}
