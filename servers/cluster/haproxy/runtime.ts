/** HAProxy's runtime API, typed: docs.haproxy.org/2.6/management.html section 9.3. */
import { connect } from "node:net";
import { describeError, WirebenchError } from "../../../protocol/errors.ts";
import type { AdminState, NodeStatus } from "../balancer/balancer.ts";
import { backendName } from "./configuration.ts";

/** `show sess` says about half a kilobyte per connection. */
const answerBytesMax = 32 * 1024 * 1024;
const answerMsMax = 5000;

/**
 * Sends one command to a runtime or master socket; resolves with the answer, without the empty line at its end.
 * Rejects with `component-failed` when nobody answers, not in time (`timeoutMs`), or endlessly.
 */
export async function ask(socketPath: string, command: string, timeoutMs = answerMsMax): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(socketPath);
  const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
    if (answer.length > answerBytesMax) reject(new Error(`more than ${answerBytesMax} bytes`));
  });
  // Success without words is an empty line; nothing at all is a worker that died over the question.
  socket.once("end", () => (answer === "" ? reject(new Error("closed without an answer")) : resolve(answer.trimEnd())));
  socket.on("error", reject);
  // Ended, since the master otherwise waits for the next command.
  socket.end(`${command}\n`);
  try {
    return await promise;
  } catch (cause) {
    throw new WirebenchError("component-failed", `haproxy did not answer "${command}": ${describeError(cause)}`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** For commands that say nothing unless they fail. Rejects with `component-failed` and what HAProxy said. */
export async function tell(socketPath: string, command: string): Promise<void> {
  const answer = await ask(socketPath, command);
  if (answer !== "") throw new WirebenchError("component-failed", `haproxy refused "${command}": ${answer.trim()}`);
}

/** A node's line of `show stat`, with what only the start needs. */
export interface CheckedNodeStatus extends NodeStatus {
  /** Of the last health check: `L7OK`, `L7STS`, `L4CON` ...; empty or `INI` before the first, and without one. */
  readonly check: string;
}

export async function showStatus(socketPath: string): Promise<CheckedNodeStatus[]> {
  const lines = parseCsv(await ask(socketPath, `show stat ${backendName} 4 -1`));
  return lines.map((line) => ({
    name: line.svname ?? "",
    status: /^\S*/.exec(line.status ?? "")![0],
    sessions: Number(line.scur),
    sessionsTotal: Number(line.stot),
    // `* L7OK`: the next check is under way.
    check: (line.check_status ?? "").replace(/^\* /, ""),
  }));
}

export const setServerState = (socketPath: string, node: string, state: AdminState): Promise<void> =>
  tell(socketPath, `set server ${backendName}/${node} state ${state}`);

export const shutdownServerSessions = (socketPath: string, node: string): Promise<void> =>
  tell(socketPath, `shutdown sessions server ${backendName}/${node}`);

/**
 * The same in an old worker, which is reached through the master and can only be told one connection at a time: it
 * refuses commands about servers with `Proxy is disabled`.
 */
export async function shutdownOldSessions(masterSocketPath: string, worker: number, node: string): Promise<void> {
  const sessions = await ask(masterSocketPath, `@!${worker} show sess`);
  const ids = [...sessions.matchAll(/^(0x[0-9a-f]+): (.*)$/gm)].flatMap(([, id, rest]) =>
    rest!.includes(` be=${backendName} srv=${node} `) ? [id!] : [],
  );
  // An id that has ended meanwhile is no other user's: an old worker takes none.
  for (const id of ids) await ask(masterSocketPath, `@!${worker} shutdown session ${id}`);
}

/** What a file for `load-server-state-from-file` holds. */
export const showServersState = (socketPath: string): Promise<string> =>
  ask(socketPath, `show servers state ${backendName}`);

export interface WorkerInfo {
  readonly pid: number;
  /** It no longer listens, and ends with its last connection. */
  readonly stopping: boolean;
}

/** `show info`: of the worker that answers at the runtime socket, or of the one `prefix` names at the master's. */
export async function showInfo(socketPath: string, prefix = "", timeoutMs = answerMsMax): Promise<WorkerInfo> {
  const answer = await ask(socketPath, `${prefix} show info`.trimStart(), timeoutMs);
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(answer)?.[1]);
  const pid = field("Pid");
  if (!Number.isInteger(pid)) {
    throw new WirebenchError("component-failed", `haproxy said no process id: ${answer.slice(0, 200).trim()}`);
  }
  return { pid, stopping: field("Stopping") === 1 };
}

export interface Processes {
  readonly master: number;
  readonly workers: readonly number[];
  /** Of before a reload, with connections left. */
  readonly oldWorkers: readonly number[];
}

/** `show proc` of the master. */
export async function showProcesses(masterSocketPath: string, timeoutMs = answerMsMax): Promise<Processes> {
  const found: Processes & { workers: number[]; oldWorkers: number[] } = { master: 0, workers: [], oldWorkers: [] };
  let { master } = found;
  let section = found.workers;
  for (const line of (await ask(masterSocketPath, "show proc", timeoutMs)).split("\n")) {
    if (line.startsWith("# old workers")) section = found.oldWorkers;
    const [pid, type] = line.split(/\s+/);
    if (type === "master") master = Number(pid);
    else if (type === "worker") section.push(Number(pid));
  }
  return { ...found, master };
}

/** Lines by the names of the first line, which begins with `# `. Quotes as in RFC 4180; no line breaks within. */
export function parseCsv(text: string): Record<string, string>[] {
  const [header, ...lines] = text
    .split("\n")
    .filter((line) => line !== "")
    .map(fieldsOf);
  const names = header?.map((name) => name.replace(/^# /, "")) ?? [];
  return lines.map((fields) => Object.fromEntries(names.map((name, index) => [name, fields[index] ?? ""])));
}

/** With a comma in front, so that every field has one. */
const fieldsOf = (line: string): string[] =>
  [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
