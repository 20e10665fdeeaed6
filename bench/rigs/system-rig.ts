/** A system that is up and that nobody has connected to: what roles are played on. */
import type { LinkConditions } from "../../results/contract/link.ts";
import { Rig, type RigContext, type RigRecord } from "./rig.ts";
import { openSystem, type RunningSystem, type SystemOrder } from "./system.ts";
import { UserLink } from "./user-link.ts";

export class SystemRig extends Rig {
  #system: RunningSystem | undefined;
  readonly #links: UserLink[] = [];

  /** Starts the system, or finds the one that runs already. */
  static async open(order: Omit<SystemOrder, "programs">, context: RigContext): Promise<SystemRig> {
    const rig = new SystemRig(context);
    try {
      const { programs } = context;
      rig.#system = await rig.unlessFailed(openSystem({ ...order, programs }, rig.cleanUp, rig.died));
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  get system(): RunningSystem {
    return this.#system!;
  }

  /** A way to the system that is as far as this; it ends with the rig, which tells whether it was what was asked for. */
  async distant(conditions: LinkConditions): Promise<Pick<UserLink, "url">> {
    const link = await this.unlessFailed(UserLink.to(this.system.url, conditions, this.died));
    this.own(link);
    this.#links.push(link);
    return link;
  }

  protected override get certificate(): string | undefined {
    return this.#system?.certificate;
  }

  override async record(): Promise<RigRecord> {
    for (const link of this.#links) {
      const linked = await link.record().catch(() => undefined);
      if (linked === undefined) continue;
      // Of several, none speaks for all.
      if (this.#links.length === 1) this.keepHistograms(linked.histograms);
      for (const flag of linked.flags) this.flag(flag);
    }
    const record = await super.record();
    const processes = this.#system?.watch.processes() ?? [];
    return { ...record, observed: { processes, tls: [], compression: [] } };
  }
}
