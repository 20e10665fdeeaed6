/** HAProxy as a private process: started, watched, reloaded, killed. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { WirebenchError } from "../../../protocol/errors.ts";
import { type ProgramRecipe, startPrivately } from "../../programs/private-program.ts";
import type { ProgramOptions, RunningProgram } from "../../programs/running-program.ts";
import type { AdminState, NodeStatus, NodeTransition, ProxySetup, RunningProxy } from "../balancer/balancer.ts";
import { ProxyProcess } from "../balancer/proxy-process.ts";
import { proxyFiles, renderConfiguration } from "./configuration.ts";
import {
  ask,
  setServerState,
  showInfo,
  showProcesses,
  showServersState,
  showStatus,
  shutdownOldSessions,
  shutdownServerSessions,
} from "./runtime.ts";
import { transitionIn } from "./transitions.ts";

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the zero at the end included. */
const socketPathBytesMax = 103;
const startMsMax = 60_000;
const stopMsMax = 2000;
const reloadMsMax = 15_000;
const reloadPollMs = 20;
/** A master that replaces itself leaves a question without an answer. */
const reloadAnswerMsMax = 500;

/**
 * Starts HAProxy (2.6 or newer) in front of the nodes; resolves when it listens and every node but the spare ones has
 * passed a health check. Rejects with `component-failed`, which quotes HAProxy, `usage` or `aborted`; nothing is left
 * running then. After `restart` a node may be down; the proxy answers as soon as it knows which.
 */
export async function startProxy(
  setup: ProxySetup,
  options: ProgramOptions,
  render: typeof renderConfiguration = renderConfiguration,
): Promise<RunningProxy> {
  const sockets = {
    runtime: join(options.folder, proxyFiles.runtimeSocket),
    master: join(options.folder, proxyFiles.masterSocket),
  };
  const tooLong = Object.values(sockets).find((path) => Buffer.byteLength(path) > socketPathBytesMax);
  if (tooLong !== undefined) {
    if (options.temporary === true) await rm(options.folder, { recursive: true, force: true });
    throw new WirebenchError(
      "usage",
      `the path of haproxy's socket is too long, ${socketPathBytesMax} bytes are possible: ${tooLong}`,
      { hint: "set TMPDIR to a folder with a shorter path" },
    );
  }
  const serverStateFile = join(options.folder, proxyFiles.serverState);
  let configuration = "";
  let everUp = false;

  const recipe: ProgramRecipe = {
    name: "haproxy",
    scheme: "http",
    async prepare({ folder, port }) {
      configuration = render(setup, { port });
      await writeFile(join(folder, proxyFiles.configuration), configuration);
      await writeFile(serverStateFile, "");
    },
    arguments: () => ["-W", "-S", `unix@${proxyFiles.masterSocket},mode,600`, "-f", proxyFiles.configuration],
    async answers({ pid }) {
      const { master } = await showProcesses(sockets.master);
      if (master !== pid) throw new Error("the sockets of another process");
      await untilChecked();
    },
    portTaken: /Address already in use/,
    startMsMax,
    stopMsMax,
  };

  async function untilChecked(): Promise<void> {
    const spare = new Set(setup.nodes.filter((node) => node.spare).map(({ name }) => name));
    const nodes = (await showStatus(sockets.runtime)).filter(({ name }) => !spare.has(name));
    const known = nodes.every(({ status, check }) =>
      everUp ? !unchecked.test(check) : status === "UP" && check === "L7OK",
    );
    if (!known) throw new Error("not yet");
    everUp = true;
  }

  const program = await startPrivately(recipe, options);
  return new HaproxyProxy({ program, sockets, serverStateFile, configuration });
}

/** A node that flaps does so every few seconds. */
const transitionsMax = 10_000;

const unchecked = /^(INI)?$/;

interface Parts {
  readonly program: RunningProgram;
  readonly sockets: { readonly runtime: string; readonly master: string };
  readonly serverStateFile: string;
  readonly configuration: string;
}

class HaproxyProxy extends ProxyProcess {
  readonly configuration: string;
  readonly transitions: NodeTransition[] = [];
  readonly #sockets: Parts["sockets"];
  readonly #serverStateFile: string;

  constructor({ program, sockets, serverStateFile, configuration }: Parts) {
    super(program);
    this.configuration = configuration;
    program.onLine = (line) => {
      const transition = transitionIn(line);
      if (transition !== undefined && this.transitions.length < transitionsMax) this.transitions.push(transition);
    };
    this.#sockets = sockets;
    this.#serverStateFile = serverStateFile;
  }

  async status(): Promise<NodeStatus[]> {
    const nodes = await showStatus(this.#sockets.runtime);
    return nodes.map(({ check: _, ...node }) => node);
  }

  setState(node: string, state: AdminState): Promise<void> {
    return setServerState(this.#sockets.runtime, node, state);
  }

  async shutdownSessions(node: string): Promise<void> {
    await shutdownServerSessions(this.#sockets.runtime, node);
    const { oldWorkers } = await showProcesses(this.#sockets.master);
    for (const pid of oldWorkers) {
      // One that ends in this very moment has nothing left to cut.
      await shutdownOldSessions(this.#sockets.master, pid, node).catch(() => {});
    }
  }

  protected async replaceWorker(): Promise<void> {
    const before = await showInfo(this.#sockets.runtime);
    await writeFile(this.#serverStateFile, `${await showServersState(this.#sockets.runtime)}\n`);
    try {
      const master = this.program.pid;
      if (master === undefined) throw new WirebenchError("component-failed", "haproxy cannot reload: it does not run");
      process.kill(master, "SIGUSR2");
      await this.#untilReplaced(before.pid);
    } finally {
      // For this reload only: after a crash the configuration alone counts.
      await writeFile(this.#serverStateFile, "").catch(() => {});
    }
  }

  /** Until the new worker answers and no old one listens any more. */
  async #untilReplaced(oldPid: number): Promise<void> {
    const deadlineMs = performance.now() + reloadMsMax;
    while (performance.now() < deadlineMs) {
      if (this.program.pid === undefined) break;
      if (await this.#isReplaced(oldPid).catch(() => false)) return;
      await wait(reloadPollMs);
    }
    const said = await ask(this.#sockets.master, "show proc", reloadAnswerMsMax).catch(String);
    throw new WirebenchError("component-failed", `haproxy did not reload; its processes:\n${said}`);
  }

  async #isReplaced(oldPid: number): Promise<boolean> {
    const { pid } = await showInfo(this.#sockets.runtime, "", reloadAnswerMsMax);
    if (pid === oldPid) return false;
    const { workers, oldWorkers } = await showProcesses(this.#sockets.master, reloadAnswerMsMax);
    if (!workers.includes(pid)) return false;
    for (const old of oldWorkers) {
      const { stopping } = await showInfo(this.#sockets.master, `@!${old}`, reloadAnswerMsMax);
      if (!stopping) return false;
    }
    return true;
  }
}
