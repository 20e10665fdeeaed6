/**
 * What an experiment runs on: a system under test that is up, virtual users that are connected, a clock, and a list of
 * what happened. One trial has one rig, of fresh processes; it is gone when the trial is over.
 */
import { nowNs } from "../../protocol/clock.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Event, Flag, Observed, Series } from "../../results/contract/results.ts";
import type { RelayTarget } from "../relay/relay.ts";
import type { ActorApi } from "./processes/actor.ts";
import { RemoteProcess } from "./processes/remote.ts";
import type { ProgramPool } from "./program-pool.ts";
import type { Role } from "./roles/role.ts";
import { UserLink } from "./user-link.ts";

/** What a trial is opened with. */
export interface RigContext {
  /** The run's, the same for every trial and cell. */
  readonly seed: number;
  /** From 1. */
  readonly trial: number;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Real programs that several rigs of a run share. */
  readonly programs: ProgramPool;
}

/** What a rig saw by itself, besides what its experiment measured. */
export interface RigRecord {
  readonly events: Event[];
  readonly series: Series[];
  readonly histograms: Record<string, string>;
  readonly flags: Flag[];
  readonly observed?: Observed;
}

export abstract class Rig implements AsyncDisposable {
  /** The first thing that went wrong, as a sentence; undefined while all is well. */
  failure: string | undefined;
  /** Ends what was started, last first, whatever happened. */
  protected readonly cleanUp = new AsyncDisposableStack();
  readonly #failed = Promise.withResolvers<never>();
  readonly #events: Event[] = [];
  readonly #flags: Flag[] = [];
  readonly #actors = new Map<string, RemoteProcess<ActorApi>>();
  readonly #links: UserLink[] = [];
  readonly #waits = new Set<NodeJS.Timeout>();
  #histograms: Record<string, string> = {};
  #startNs = nowNs();
  #closing = false;

  constructor({ signal }: Pick<RigContext, "signal">) {
    this.#failed.promise.catch(() => {});
    const onAbort = (): void => this.fail(new WirebenchError("aborted", "interrupted"));
    signal.addEventListener("abort", onAbort, { once: true });
    this.cleanUp.defer(() => signal.removeEventListener("abort", onAbort));
    if (signal.aborted) onAbort();
  }

  /** Ends with the rig, before what was there already; at once where the rig is gone, as after a start that took too long. */
  own(disposable: AsyncDisposable): void {
    if (this.cleanUp.disposed) void disposable[Symbol.asyncDispose]();
    else this.cleanUp.use(disposable);
  }

  /** A way to where a URL leads, as far as these conditions say; it ends with the rig, which tells whether it was what was asked for. */
  async linkTo(url: string, conditions: LinkConditions, from?: RelayTarget): Promise<UserLink> {
    const link = new UserLink(conditions, this.died);
    this.own(link);
    await this.unlessFailed(link.leadTo(url, from));
    this.#links.push(link);
    return link;
  }

  /** Makes every wait of the rig reject with the reason; the first one counts. Nothing fails once the rig closes. */
  protected fail(reason: Error): void {
    if (this.#closing) return;
    this.failure ??= reason.message;
    this.#failed.reject(reason);
  }

  /** A process that ended although nobody asked for it. */
  protected readonly died = (sentence: string): void => this.fail(new WirebenchError("process-failed", sentence));

  /** Before a failure is told: looks for what lies behind it, and fails with that. Never rejects. */
  async findReason(): Promise<void> {}

  /** `work`, or the reason why the trial cannot go on: Ctrl-C, or a process that ended unasked. */
  unlessFailed<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    return Promise.race([work, this.#failed.promise]);
  }

  /** Resolves when the rig failed; never rejects. */
  protected untilFailed(): Promise<void> {
    return this.#failed.promise.catch(() => {});
  }

  /** What users must trust to connect, as PEM; undefined where that is nothing of its own. */
  protected get certificate(): string | undefined {
    return undefined;
  }

  /** Plays a role in its own process of this rig, which lives as long as the rig; resolves with what it tells. */
  async play<Order, Report>({ name }: Role<Order, Report>, order: Order, timeoutMs: number): Promise<Report> {
    const actor = this.#actors.get(name) ?? new RemoteProcess<ActorApi>(name, "actor");
    if (!this.#actors.has(name)) {
      this.#actors.set(name, actor);
      this.cleanUp.defer(() => actor.stop());
      void actor.exited.then(this.died);
    }
    return (await this.unlessFailed(
      actor.call("play", { role: name, order, certificate: this.certificate }, timeoutMs),
    )) as Report;
  }

  async wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#waits.add(timer);
    try {
      await this.unlessFailed(promise);
    } finally {
      clearTimeout(timer);
      this.#waits.delete(timer);
    }
  }

  /** Zero of the clock of the events and series: now, or `ms` from now. Returns it in nanoseconds. */
  startClock(inMs = 0): number {
    this.#startNs = nowNs() + inMs * 1e6;
    return this.#startNs;
  }

  get startNs(): number {
    return this.#startNs;
  }

  /** Milliseconds on the clock of the events. */
  atMs(ns: number): number {
    return (ns - this.#startNs) / 1e6;
  }

  /** Writes down what happened, now or at an instant of this host's monotonic clock. */
  mark(kind: Event["kind"], subject: string, what: string, ns = nowNs()): void {
    this.#events.push({ atMs: this.atMs(ns), subject, what, kind });
  }

  /** What bears on what the numbers are worth; said twice, it is kept once. */
  flag(flag: Flag): void {
    const known = this.#flags.some(({ code, message }) => code === flag.code && message === flag.message);
    if (!known) this.#flags.push(flag);
  }

  /** Raw histograms of the trial, by name; those that are absent are left out. */
  keepHistograms(histograms: Readonly<Record<string, string | undefined>>): void {
    const kept = Object.entries(histograms).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.#histograms = { ...this.#histograms, ...Object.fromEntries(kept) };
  }

  /** What the rig saw; a kind of rig that watches something all the time adds its series. */
  async record(): Promise<RigRecord> {
    for (const link of this.#links) {
      const linked = await link.record().catch(() => undefined);
      if (linked === undefined) continue;
      // Of several, none speaks for all.
      if (this.#links.length === 1) this.keepHistograms(linked.histograms);
      for (const flag of linked.flags) this.flag(flag);
    }
    const events = this.#events.toSorted((a, b) => a.atMs - b.atMs);
    return { events, series: [], histograms: this.#histograms, flags: this.#flags };
  }

  /** Ends every process of this rig. Never rejects for one that is dead already. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    // Whoever waited for something else as well has had it.
    for (const timer of this.#waits) clearTimeout(timer);
    await this.cleanUp.disposeAsync();
  }
}
