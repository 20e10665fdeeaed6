/** A system that is up and that nobody has connected to: what roles are played on. */
import type { ProgramPool } from "./program-pool.ts";
import { Rig, type RigContext, type RigRecord } from "./rig.ts";
import { openSystem, type RunningSystem, type SystemOrder } from "./system.ts";

export class SystemRig extends Rig {
  #system: RunningSystem | undefined;
  #programs: ProgramPool | undefined;

  /** Starts the system, or finds the one that runs already. */
  static async open(order: Omit<SystemOrder, "programs">, context: RigContext): Promise<SystemRig> {
    const rig = new SystemRig(context);
    try {
      await rig.start(order, context);
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  protected async start(order: Omit<SystemOrder, "programs">, { programs }: RigContext): Promise<void> {
    this.#programs = programs;
    this.#system = await this.another(order);
  }

  /** Another system beside it, for as long as the rig; its own is the one that is told of. */
  another(order: Omit<SystemOrder, "programs">): Promise<RunningSystem> {
    return this.unlessFailed(openSystem({ ...order, programs: this.#programs! }, this.cleanUp, this.died));
  }

  get system(): RunningSystem {
    return this.#system!;
  }

  protected override get certificate(): string | undefined {
    return this.#system?.certificate;
  }

  override async record(): Promise<RigRecord> {
    const record = await super.record();
    const processes = this.#system?.watch.processes() ?? [];
    return { ...record, observed: { processes, tls: [], compression: [] } };
  }
}
