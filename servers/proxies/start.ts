import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCertificate } from "../connection/certificate.ts";
import { childrenOf } from "../programs/children.ts";
import { freePorts } from "../programs/free-ports.ts";
import { type ProgramRecipe, startPrivately } from "../programs/private-program.ts";
import { requireProgram } from "../programs/program.ts";
import type { ProxySetup, Route, ShippedProxy } from "./proxy.ts";

const startMsMax = 60_000;
const stopMsMax = 1000;

export interface RunningProxy extends AsyncDisposable {
  /** Of its ways, in the order in which they were asked for. */
  readonly ports: readonly number[];
  /** Of all its processes. */
  readonly pids: readonly number[];
  /** Where TLS ends at it: what its clients must trust, as PEM. */
  readonly certificate?: string;
}

export interface ProxyOrder extends Omit<ProxySetup, "routes" | "tls" | "isRoot"> {
  /** Each gets a port of its own. */
  readonly ways: readonly Omit<Route, "port">[];
  /** TLS ends at it, with a certificate made at start. */
  readonly endsTls?: boolean;
  readonly signal: AbortSignal;
  /** Hears of its end, if nobody asked for that. */
  readonly died: (sentence: string) => void;
}

/**
 * Starts a private one; resolves when it listens. Rejects with `component-missing`, whose hint is the command that installs
 * it, `component-failed`, which quotes it, or `aborted`; nothing is left running then.
 */
export async function startProxy(
  { program, render, file, recipe }: ShippedProxy,
  { ways, server, timeScale, endsTls = false, signal, died }: ProxyOrder,
): Promise<RunningProxy> {
  const executable = requireProgram(program);
  const folder = await mkdtemp(join(tmpdir(), `wirebench-${program.name}-`));
  let ports: readonly number[] = [];
  let certificate: string | undefined;
  const whole: ProgramRecipe = {
    name: program.name,
    scheme: "http",
    async prepare({ port }) {
      ports = ways.length === 0 ? [] : [port, ...(await freePorts(ways.length - 1))];
      const routes = ways.map((way, index) => ({ ...way, port: ports[index]! }));
      const tls = endsTls ? await writeCertificate(folder) : undefined;
      certificate = tls?.cert;
      const isRoot = process.getuid?.() === 0;
      await writeFile(join(folder, file), render({ routes, server, timeScale, tls, isRoot }));
    },
    ...recipe,
    startMsMax,
    stopMsMax,
  };
  const running = await startPrivately(whole, { executable, folder, temporary: true, signal });
  running.onDeath = died;
  return {
    ports,
    get pids() {
      const { pid } = running;
      return pid === undefined ? [] : [pid, ...childrenOf(pid)];
    },
    ...(certificate !== undefined && { certificate }),
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
