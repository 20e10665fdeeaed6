/** Several private programs that are one broker: started side by side, watched and ended as one. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { WirebenchError } from "../../protocol/errors.ts";
import { PortTakenError, type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { EnsembleMember, RunningEnsemble, RunningProgram, StartOptions } from "./running-program.ts";
import { Watchdog } from "./watchdog.ts";

export interface MemberPlan {
  readonly role: string;
  readonly executable: string;
  readonly recipe: ProgramRecipe;
  readonly port: number;
}

/** Where an ensemble runs; member n has the folder n in it, counted from 1. */
export interface EnsemblePlace {
  readonly folder: string;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
}

/** All that differs from ensemble to ensemble, for ports that are free. */
export interface EnsemblePlan {
  /** As a human calls it, e.g. `kafka, 3 brokers`. */
  readonly name: string;
  readonly url: string;
  readonly members: readonly MemberPlan[];
  /** Writes what several of them read, before any starts. */
  readonly prepare?: (place: EnsemblePlace) => Promise<void>;
  /** Makes members that answer one ensemble, once and in order; absent where they find each other. */
  readonly join?: (signal: AbortSignal) => Promise<void>;
  /** Rejects until the ensemble works as a whole: everybody is there, and it takes messages. */
  readonly settled: (signal: AbortSignal) => Promise<unknown>;
  /** Port of who leads for a topic, by the word of the member that listens on `asked`. May reject. */
  readonly leader: (topic: string, asked: EnsembleMember, signal: AbortSignal) => Promise<number | undefined>;
  /** Rejects unless all that hold messages of the topic have all of them, by the word of a member. */
  readonly whole: (topic: string, asked: EnsembleMember, signal: AbortSignal) => Promise<unknown>;
  /** See `RunningEnsemble`; absent where a leader waits for its followers. */
  readonly sever?: (leader: EnsembleMember, signal: AbortSignal) => Promise<unknown>;
  /** Who can be asked for leaders. */
  readonly asked: (member: EnsembleMember) => boolean;
  /** From when all members answer until the ensemble works, in milliseconds. */
  readonly settleMsMax: number;
}

const portTriesMax = 5;
const pollMs = 50;
/** A member that hangs must not keep others from being asked. */
const answerMsMax = 1000;

/**
 * Resolves when the ensemble works. Rejects with what a member that did not start rejects with, or `component-failed`;
 * then none of the others is left either. `plan` is asked again with other ports where one was taken.
 */
export async function startEnsemble(
  plan: () => Promise<EnsemblePlan>,
  options: Omit<StartOptions, "port">,
): Promise<RunningEnsemble> {
  for (let tries = 1; ; tries++) {
    const ensemble = new Ensemble(await plan(), options);
    try {
      await ensemble.begin();
      return ensemble;
    } catch (error) {
      const again = error instanceof PortTakenError && tries < portTriesMax;
      await ensemble.abandon({ keepFolder: again });
      if (!again) throw error;
    }
  }
}

class Ensemble implements RunningEnsemble {
  readonly name: string;
  readonly url: string;
  /** Its members tell their clients of each other, so no way to one of them is the way to all. */
  readonly doors = [];
  onDeath: ((sentence: string) => void) | undefined;
  readonly #plan: EnsemblePlan;
  readonly #options: Omit<StartOptions, "port">;
  readonly #watchdog: Watchdog;
  readonly #stopping = new AbortController();
  #members: readonly EnsembleMember[] = [];
  #stopped: Promise<void> | undefined;

  constructor(plan: EnsemblePlan, options: Omit<StartOptions, "port">) {
    this.name = plan.name;
    this.url = plan.url;
    this.#plan = plan;
    this.#options = options;
    this.#watchdog = new Watchdog(options.temporary === true ? options.folder : "");
  }

  get sever(): RunningEnsemble["sever"] {
    const { sever } = this.#plan;
    return sever && (async (leader) => void (await sever(leader, AbortSignal.timeout(answerMsMax))));
  }

  get members(): readonly EnsembleMember[] {
    return this.#members;
  }

  get pid(): number | undefined {
    return this.#members.every(({ pid }) => pid !== undefined) ? this.#members[0]?.pid : undefined;
  }

  async begin(): Promise<void> {
    const { members, prepare, join: unite } = this.#plan;
    const oneFailed = new AbortController();
    const signal = AbortSignal.any([oneFailed.signal, this.#signal()]);
    const place = { folder: this.#options.folder, watchdog: this.#watchdog, signal };
    for (const number of members.keys()) {
      const folder = this.#folderOf(number);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
    }
    await prepare?.(place);
    let reason: unknown;
    const starts = await Promise.allSettled(
      members.map(async (member, number) => {
        try {
          return await this.#startMember(member, number, signal);
        } catch (error) {
          reason ??= error;
          oneFailed.abort();
          throw error;
        }
      }),
    );
    this.#members = starts.flatMap((start) => (start.status === "fulfilled" ? start.value : []));
    if (reason !== undefined) throw reason;
    await unite?.(AbortSignal.any([signal, AbortSignal.timeout(this.#plan.settleMsMax)]));
    await this.#settle();
  }

  async kill(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()));
  }

  async restart(): Promise<void> {
    await this.kill();
    await Promise.all(this.#members.map((member) => member.restart()));
    await this.#settle();
  }

  freeze(): void {
    for (const member of this.#members) member.freeze();
  }

  thaw(): void {
    for (const member of this.#members) member.thaw();
  }

  stop(): Promise<void> {
    return this.abandon({ keepFolder: false });
  }

  /** Ends it for good. `keepFolder`: the next try needs it. */
  abandon({ keepFolder }: { keepFolder: boolean }): Promise<void> {
    this.#stopped ??= this.#end(keepFolder);
    return this.#stopped;
  }

  async leader(topic: string): Promise<EnsembleMember | undefined> {
    const port = await this.#ask((member, signal) => this.#plan.leader(topic, member, signal));
    return port === undefined ? undefined : this.#members.find((member) => portOf(member) === port);
  }

  async whole(topic: string): Promise<boolean> {
    if (this.pid === undefined) return false;
    const found = await this.#ask(async (member, signal) => {
      await this.#plan.whole(topic, member, signal);
      return true;
    });
    return found === true;
  }

  /** The first answer of a member that runs. */
  async #ask<T>(question: (member: EnsembleMember, signal: AbortSignal) => Promise<T | undefined>) {
    for (const member of this.#members.filter(({ pid }) => pid !== undefined).filter(this.#plan.asked)) {
      try {
        const answer = await question(member, AbortSignal.timeout(answerMsMax));
        if (answer !== undefined) return answer;
      } catch {
        // Another may know.
      }
    }
    return undefined;
  }

  async #end(keepFolder: boolean): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#members.map((member) => member.stop()));
    const { folder, temporary } = this.#options;
    if (temporary === true && !keepFolder) await rm(folder, { recursive: true, force: true }).catch(() => {});
    this.#watchdog.end();
  }

  async #startMember(
    { role, recipe, executable, port }: MemberPlan,
    number: number,
    signal: AbortSignal,
  ): Promise<EnsembleMember> {
    const folder = this.#folderOf(number);
    const program = await startPrivately(recipe, { executable, folder, port, signal, watchdog: this.#watchdog });
    program.onDeath = (sentence) => this.onDeath?.(sentence);
    return Object.assign(program, { role });
  }

  async #settle(): Promise<void> {
    const { name, settled, settleMsMax } = this.#plan;
    const late = AbortSignal.timeout(settleMsMax);
    const signal = AbortSignal.any([late, this.#signal()]);
    for (;;) {
      try {
        await settled(AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]));
        return;
      } catch (error) {
        const dead = this.#members.find(({ pid }) => pid === undefined);
        if (dead !== undefined) throw new WirebenchError("component-failed", `${dead.name} of ${name} died`);
        if (late.aborted) {
          const seconds = settleMsMax / 1000;
          throw new WirebenchError("component-failed", `${name} did not come together in ${seconds} s`, {
            cause: error,
          });
        }
        if (signal.aborted) throw new WirebenchError("aborted", `the start of ${name} was aborted`);
      }
      await wait(pollMs);
    }
  }

  #signal(): AbortSignal {
    const { signal } = this.#options;
    return AbortSignal.any([this.#stopping.signal, ...(signal === undefined ? [] : [signal])]);
  }

  #folderOf(number: number): string {
    return join(this.#options.folder, String(number + 1));
  }
}

/** Where a member listens. */
export const portOf = ({ url }: Pick<EnsembleMember, "url">): number => Number(new URL(url).port);

/** Only what several processes together are has members. */
export const isEnsemble = (program: object): program is RunningEnsemble => "members" in program;

/** Processes that are this broker; one that does not run is undefined. */
export const pidsOf = (program: RunningProgram): (number | undefined)[] =>
  isEnsemble(program) ? program.members.map(({ pid }) => pid) : [program.pid];
