/** The users of a cluster as the driver holds them: a load generator that is one process, and can do more than send. */
import type {
  ChainOrder,
  ChannelUsersApi,
  ChannelUsersSeries,
  ConnectOrder,
  Counts,
  Ledger,
  Missing,
  Outage,
  PublishOrder,
  SeriesOrder,
  StateFound,
} from "../../../load/channel/channel-users-api.ts";
import type { WireBytes } from "../../../load/metering/wire-bytes.ts";
import type { LoadGenerator } from "../../../load/users/load-generator.ts";
import type { RemoteChannelUsersApi } from "../processes/channel-users.ts";
import { RemoteProcess } from "../processes/remote.ts";
import type { Rig } from "../rig.ts";

/** Traffic that follows a schedule, or one in which an answer sets off the next message. */
export type ChannelWindow = ({ readonly kind: "open" } & PublishOrder) | ({ readonly kind: "closed" } & ChainOrder);

type Connected = Awaited<ReturnType<ChannelUsersApi["connect"]>>;

const answerWaitMs = 30_000;
/** Users who come one after the other, each of them only as far as an error, take their time. */
const connectWaitMs = 120_000;
/** Every user's turn of a step or of coming back. */
const turnsWaitMs = 60_000;
/** Beyond the traffic itself. */
const sendingWaitMs = 15_000;
/** Nothing arrived for so long: what is missing now will not come. Longer than any poll, retry or flush. */
const quietMs = 500;
/** After everything is in: a second copy of the last messages would come now. */
const duplicatesWaitMs = 100;

export class RemoteChannelUsers
  implements LoadGenerator<ConnectOrder, Connected, ChannelWindow, Ledger>, AsyncDisposable
{
  readonly clock = "monotonic clock of this host";
  readonly #process: RemoteProcess<RemoteChannelUsersApi>;
  readonly #rig: Pick<Rig, "unlessFailed" | "wait">;

  /** Every call rejects as soon as the rig fails. */
  constructor(name: string, rig: Pick<Rig, "unlessFailed" | "wait">) {
    this.#process = new RemoteProcess(name, "channel-users");
    this.#rig = rig;
  }

  /** Settles with a sentence that says how the process ended. */
  get exited(): Promise<string> {
    return this.#process.exited;
  }

  /** Users that do not get in keep trying with their back-off; what is returned tells how many are in. */
  connect(order: ConnectOrder): Promise<Connected> {
    return this.#ask("connect", order, connectWaitMs);
  }

  run({ kind, ...order }: ChannelWindow): Promise<void> {
    const timeoutMs = order.durationMs + sendingWaitMs;
    return kind === "open"
      ? this.#ask("publish", order as PublishOrder, timeoutMs)
      : this.#ask("chain", order as ChainOrder, timeoutMs);
  }

  halt(): void {
    this.#ask("halt", undefined).catch(() => {});
  }

  /** The ledger of everything since the users connected, or since `reset`. */
  async collect(drainMs: number): Promise<Ledger> {
    await this.#ask("drain", { quietMs, maxMs: drainMs }, drainMs + answerWaitMs);
    await this.#rig.wait(duplicatesWaitMs);
    return await this.#ask("ledger", undefined);
  }

  close(): Promise<void> {
    return this.#ask("close", undefined);
  }

  /** Whether so many were connected within `maxMs`. */
  untilConnected(users: number, maxMs: number): Promise<boolean> {
    return this.#ask("untilConnected", { users, maxMs }, maxMs + answerWaitMs);
  }

  step(order: Parameters<ChannelUsersApi["step"]>[0]): Promise<StateFound> {
    return this.#ask("step", order, turnsWaitMs);
  }

  rejoin(order: Parameters<ChannelUsersApi["rejoin"]>[0]): Promise<StateFound> {
    return this.#ask("rejoin", order, turnsWaitMs);
  }

  /** More users with the order that the first ones had. */
  join(users: number): Promise<Counts> {
    return this.#ask("join", { users });
  }

  outages(): Promise<readonly Outage[]> {
    return this.#ask("outages", undefined);
  }

  /** What is missing in the ledger, the first `max` of it one by one. */
  missing(max: number): Promise<Missing> {
    return this.#ask("missing", { max });
  }

  counts(): Promise<Counts> {
    return this.#ask("counts", undefined);
  }

  series(order: SeriesOrder): Promise<ChannelUsersSeries> {
    return this.#ask("series", order);
  }

  reset(): Promise<void> {
    return this.#ask("reset", undefined);
  }

  wireBytes(): Promise<WireBytes> {
    return this.#ask("wireBytes", undefined);
  }

  /** Every one of them stops reading, without a word to anybody. */
  freeze(): void {
    this.#process.signal("SIGSTOP");
  }

  /** Ends the process, even one that is frozen. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.signal("SIGCONT");
    await this.#process.stop();
  }

  #ask<Method extends keyof RemoteChannelUsersApi & string>(
    method: Method,
    argument: Parameters<RemoteChannelUsersApi[Method]>[0],
    timeoutMs = answerWaitMs,
  ): Promise<Awaited<ReturnType<RemoteChannelUsersApi[Method]>>> {
    return this.#rig.unlessFailed(this.#process.call(method, argument, timeoutMs));
  }
}
