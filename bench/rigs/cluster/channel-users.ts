/** The users of a cluster as the driver holds them: a load generator of one or more processes, that can do more than send. */
import { availableParallelism } from "node:os";
import { ChannelUsers } from "../../../load/channel/channel-users.ts";
import type {
  ChainOrder,
  ChannelUsersApi,
  ChannelUsersSeries,
  ConnectOrder,
  Counts,
  Ledger,
  Missing,
  Outage,
  Owed,
  PublishOrder,
  SeriesOrder,
  StateFound,
  UserSpan,
} from "../../../load/channel/channel-users-api.ts";
import type { WireBytes } from "../../../load/metering/wire-bytes.ts";
import type { LoadGenerator } from "../../../load/users/load-generator.ts";
import type { Rig } from "../rig.ts";
import { UserProcess } from "./user-process.ts";

/** Traffic that follows a schedule, or one in which an answer sets off the next message. */
export type ChannelWindow = ({ readonly kind: "open" } & PublishOrder) | ({ readonly kind: "closed" } & ChainOrder);

type Connected = Awaited<ReturnType<ChannelUsersApi["connect"]>>;

/** Nothing arrived for so long: what is missing now will not come. Longer than any poll, retry or flush. */
export const quietMs = 500;
/** After everything is in: a second copy of the last messages would come now. */
const duplicatesWaitMs = 100;

/** With fewer in each, processes only cost. */
const usersPerProcessMin = 10;
const processesMax = 4;

/**
 * One for every other core, the rest of which are for the cluster: a process more takes up to two thirds more CPU time for the
 * same deliveries, since fewer of them come with each of its wake-ups, so that on two cores it would only slow the nodes.
 */
export const processesFor = (users: number, cores = availableParallelism()): number =>
  Math.max(1, Math.min(processesMax, Math.floor(cores / 2), Math.floor(users / usersPerProcessMin)));

export class RemoteChannelUsers
  implements LoadGenerator<ConnectOrder, Connected, ChannelWindow, Ledger>, AsyncDisposable
{
  readonly clock = "monotonic clock of this host";
  /** Settles with a sentence that says how the first process that ended did. */
  readonly exited: Promise<string>;
  readonly #processes: readonly UserProcess[];
  readonly #users: ChannelUsers;
  readonly #rig: Pick<Rig, "unlessFailed" | "wait">;

  /** Every call rejects as soon as the rig fails. */
  constructor(name: string, rig: Pick<Rig, "unlessFailed" | "wait">, processes = 1) {
    this.#processes = Array.from(
      { length: processes },
      (_, index) => new UserProcess(processes === 1 ? name : `${name} ${index + 1} of ${processes}`),
    );
    this.exited = Promise.race(this.#processes.map((process) => process.exited));
    this.#users = new ChannelUsers(this.#processes.map(({ group }) => group));
    this.#rig = rig;
  }

  get pids(): readonly number[] {
    return this.#processes.flatMap(({ pid }) => pid ?? []);
  }

  /** Users that do not get in keep trying with their back-off; what is returned tells how many are in. */
  connect(order: ConnectOrder): Promise<Connected> {
    return this.#rig.unlessFailed(this.#users.connect(order));
  }

  run(window: ChannelWindow): Promise<void> {
    const { kind, ...order } = window;
    const run = kind === "open" ? this.#users.publish(order as PublishOrder) : this.#users.chain(order as ChainOrder);
    return this.#rig.unlessFailed(run);
  }

  halt(): void {
    this.#users.halt().catch(() => {});
  }

  /** The ledger of everything since the users connected, or since `reset`. */
  async collect(drainMs: number): Promise<Ledger> {
    await this.#rig.unlessFailed(this.#users.drain({ quietMs, maxMs: drainMs }));
    await this.#rig.wait(duplicatesWaitMs);
    return await this.#rig.unlessFailed(this.#users.ledger());
  }

  close(): Promise<void> {
    return this.#rig.unlessFailed(this.#users.close());
  }

  /** Whether so many were connected within `maxMs`. */
  untilConnected(users: number, maxMs: number): Promise<boolean> {
    return this.#rig.unlessFailed(this.#users.untilConnected({ users, maxMs }));
  }

  step(order: Parameters<ChannelUsersApi["step"]>[0]): Promise<StateFound> {
    return this.#rig.unlessFailed(this.#users.step(order));
  }

  rejoin(order: Parameters<ChannelUsersApi["rejoin"]>[0]): Promise<StateFound> {
    return this.#rig.unlessFailed(this.#users.rejoin(order));
  }

  /** More users with the order that the first ones had. */
  join(users: number): Promise<Counts> {
    return this.#rig.unlessFailed(this.#users.join({ users }));
  }

  outages(): Promise<readonly Outage[]> {
    return this.#rig.unlessFailed(this.#users.outages());
  }

  /** What is missing in the ledger, the first `max` of it one by one. */
  missing(max: number): Promise<Missing> {
    return this.#rig.unlessFailed(this.#users.missing({ max }));
  }

  /** What users were owed within spans of time, and what of it has not arrived. */
  owedWithin(spans: readonly UserSpan[]): Promise<Owed> {
    return this.#rig.unlessFailed(this.#users.owedWithin(spans));
  }

  counts(): Promise<Counts> {
    return this.#rig.unlessFailed(this.#users.counts());
  }

  series(order: SeriesOrder): Promise<ChannelUsersSeries> {
    return this.#rig.unlessFailed(this.#users.series(order));
  }

  reset(): Promise<void> {
    return this.#rig.unlessFailed(this.#users.reset());
  }

  wireBytes(): Promise<WireBytes> {
    return this.#rig.unlessFailed(this.#users.wireBytes());
  }

  /** Every one of them stops reading, without a word to anybody. */
  freeze(): void {
    for (const process of this.#processes) process.signal("SIGSTOP");
  }

  /** Ends the processes, even if they are frozen. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) process.signal("SIGCONT");
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}
