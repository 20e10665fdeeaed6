import { childrenOf } from "../../programs/children.ts";
import type { RunningProgram } from "../../programs/running-program.ts";
import type { AdminState, NodeStatus, NodeTransition, RunningProxy } from "./balancer.ts";

/** A load balancer that is one private program, with what every one of them has in common; the rest is its own. */
export abstract class ProxyProcess implements RunningProxy {
  readonly authority: string;
  abstract readonly configuration: string;
  abstract readonly transitions: readonly NodeTransition[];
  readonly pids = (): number[] => {
    const master = this.program.pid;
    return master === undefined ? [] : [master, ...childrenOf(master)];
  };
  protected readonly program: RunningProgram;
  #reloading: Promise<void> = Promise.resolve();

  constructor(program: RunningProgram) {
    this.authority = new URL(program.url).host;
    this.program = program;
  }

  get onDeath(): RunningProxy["onDeath"] {
    return this.program.onDeath;
  }

  set onDeath(told: RunningProxy["onDeath"]) {
    this.program.onDeath = told;
  }

  abstract status(): Promise<NodeStatus[]>;
  abstract setState(node: string, state: AdminState): Promise<void>;
  abstract shutdownSessions(node: string): Promise<void>;
  /** One at a time. Resolves when a new worker serves, and no old one takes anybody any more. */
  protected abstract replaceWorker(): Promise<void>;

  reload(): Promise<void> {
    const reloaded = this.#reloading.catch(() => {}).then(() => this.replaceWorker());
    this.#reloading = reloaded;
    return reloaded;
  }

  kill(): Promise<void> {
    return this.program.kill();
  }

  restart(): Promise<void> {
    return this.program.restart();
  }

  stop(): Promise<void> {
    return this.program.stop();
  }
}
