/** Notices that a program of the user's own, which is no process of ours, is gone. */
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { RunningProgram } from "../../../servers/programs/running-program.ts";

/** A server that restarts refuses for a moment; one that was gone so long would have made the cell about itself. */
const refusedTimes = 3;
const lookAgainMs = 100;

/**
 * Looks after a node has lost its link, and only then: a healthy server is not bothered. Resolves with a sentence if
 * nothing listens where the program is any more, undefined if something does, or nobody can tell.
 */
export async function whyGone({ name, url }: Pick<RunningProgram, "name" | "url">): Promise<string | undefined> {
  const address = addressIn(url);
  if (address === undefined) return undefined;
  for (let time = 0; time < refusedTimes; time++) {
    if (time > 0) await wait(lookAgainMs);
    if (!(await isRefused(address))) return undefined;
  }
  return `${name} at ${address.host}:${address.port} is gone: it served, and now refuses connections`;
}

/** Of several addresses the first. */
function addressIn(url: string): { host: string; port: number } | undefined {
  const [, host, port] = /^(?:[\w+-]+:\/\/)?(?:[^@/]*@)?\[?([^\]/,]+?)\]?:(\d+)(?=[,/?]|$)/.exec(url) ?? [];
  return host === undefined ? undefined : { host, port: Number(port) };
}

function isRefused(address: { host: string; port: number }): Promise<boolean> {
  const socket = connect(address);
  return new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(false));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
    socket.setTimeout(1000, () => resolve(false));
  }).finally(() => socket.destroy());
}
