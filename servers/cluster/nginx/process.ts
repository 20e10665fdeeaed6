/** nginx as a private process in front of the nodes: started, watched, reloaded, killed. */
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { WirebenchError } from "../../../protocol/errors.ts";
import { childrenOf } from "../../programs/children.ts";
import { type ProgramRecipe, startPrivately } from "../../programs/private-program.ts";
import type { ProgramOptions, RunningProgram } from "../../programs/running-program.ts";
import type { AdminState, NodeStatus, ProxySetup, RunningProxy } from "../balancer/balancer.ts";
import { ProxyProcess } from "../balancer/proxy-process.ts";
import { nginxFiles, renderNginx } from "./configuration.ts";

const startMsMax = 60_000;
const stopMsMax = 2000;
const reloadMsMax = 15_000;
const reloadPollMs = 20;

/**
 * Starts nginx (1.18 or newer) in front of the nodes; resolves when it answers. It checks no health, so a node may not be
 * ready. Rejects with `component-failed`, which quotes nginx, `usage` or `aborted`; nothing is left running then.
 */
export async function startNginx(setup: ProxySetup, options: ProgramOptions): Promise<RunningProxy> {
  const down = new Set(setup.nodes.filter(({ spare }) => spare).map(({ name }) => name));
  const isRoot = process.getuid?.() === 0;
  let port = 0;
  const render = (): string => renderNginx(setup, { port, isRoot, down });
  const recipe: ProgramRecipe = {
    name: "nginx",
    scheme: "http",
    async prepare(place) {
      ({ port } = place);
      await writeFile(join(place.folder, nginxFiles.configuration), render());
    },
    arguments: ({ folder }) => ["-p", folder, "-c", nginxFiles.configuration],
    async answers({ folder, pid }) {
      const written = readFileSync(join(folder, nginxFiles.pid), "utf8").trim();
      if (Number(written) !== pid) throw new Error("the file of another process");
      await askStatus(join(folder, nginxFiles.statusSocket));
    },
    portTaken: /Address already in use/,
    startMsMax,
    stopMsMax,
  };
  const program = await startPrivately(recipe, options);
  return new NginxProxy({ program, setup, down, render, folder: options.folder });
}

interface Parts {
  readonly program: RunningProgram;
  readonly setup: ProxySetup;
  readonly down: Set<string>;
  readonly render: () => string;
  readonly folder: string;
}

class NginxProxy extends ProxyProcess {
  /** It has no health checks of its own: those are in NGINX Plus. */
  readonly transitions = [];
  readonly #parts: Omit<Parts, "program">;

  constructor({ program, ...parts }: Parts) {
    super(program);
    this.#parts = parts;
  }

  get configuration(): string {
    return this.#parts.render();
  }

  /** As configured: nginx does not say how many connections a node has. */
  async status(): Promise<NodeStatus[]> {
    const { setup, down } = this.#parts;
    return setup.nodes.map(({ name }) => ({ name, status: down.has(name) ? "MAINT" : "UP" }));
  }

  /** In the configuration, and a reload: there is no other way. Old connections stay, whatever the state. */
  async setState(node: string, state: AdminState): Promise<void> {
    const { down } = this.#parts;
    if (state === "ready") down.delete(node);
    else down.add(node);
    await this.reload();
  }

  async shutdownSessions(): Promise<void> {
    throw new WirebenchError("component-failed", "nginx cannot cut the connections of one node");
  }

  protected async replaceWorker(): Promise<void> {
    const { folder, render } = this.#parts;
    const master = this.program.pid;
    if (master === undefined) throw new WirebenchError("component-failed", "nginx cannot reload: it does not run");
    const before = new Set(childrenOf(master));
    await writeFile(join(folder, nginxFiles.configuration), render());
    process.kill(master, "SIGHUP");
    const deadlineMs = performance.now() + reloadMsMax;
    while (performance.now() < deadlineMs) {
      if (isReplaced(master, before)) {
        await askStatus(join(folder, nginxFiles.statusSocket));
        return;
      }
      await wait(reloadPollMs);
    }
    throw new WirebenchError("component-failed", "nginx did not reload");
  }

  override async restart(): Promise<void> {
    await this.kill();
    // A killed nginx leaves it behind, and would not listen there again.
    await rm(join(this.#parts.folder, nginxFiles.statusSocket), { force: true });
    await super.restart();
  }
}

/** A new worker is there, and no old one listens any more: gone, or it says so in its title. */
function isReplaced(master: number, before: ReadonlySet<number>): boolean {
  const workers = childrenOf(master);
  const old = workers.filter((pid) => before.has(pid));
  return workers.length > old.length && old.every((pid) => /shutting down/.test(titleOf(pid)));
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "shutting down, or gone";
  }
}

/** Resolves when the worker answers. */
async function askStatus(socketPath: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  request({ socketPath, path: "/", timeout: 2000, agent: false }, (response) => {
    response.resume().once("end", resolve).once("error", reject);
  })
    .once("timeout", () => reject(new Error("no answer")))
    .once("error", reject)
    .end();
  await promise;
}
