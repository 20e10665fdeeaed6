/** A system that nobody has connected to, and a browser beside it. */
import type { RunningProgram } from "../../servers/programs/running-program.ts";
import type { RigContext } from "./rig.ts";
import type { SystemOrder } from "./system.ts";
import { SystemRig } from "./system-rig.ts";

/** Of its record in `servers/programs`. */
export const browserName = "chromium";

export class BrowserRig extends SystemRig {
  #browser: RunningProgram | undefined;

  /**
   * One browser serves all rigs of a run; what a page leaves behind ends with the page. Rejects with `component-missing` where
   * there is none.
   */
  static override async open(order: Omit<SystemOrder, "programs">, context: RigContext): Promise<BrowserRig> {
    const rig = new BrowserRig(context);
    try {
      rig.#watch(await rig.unlessFailed(context.programs.program(browserName)));
      await rig.start(order, context);
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  #watch(browser: RunningProgram): void {
    this.#browser = browser;
    browser.onDeath = this.died;
    this.cleanUp.defer(() => {
      browser.onDeath = undefined;
    });
  }

  /** Where it can be driven. */
  get browserUrl(): string {
    return this.#browser!.url;
  }
}
