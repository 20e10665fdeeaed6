import type { BrokerConnection } from "../broker/broker.ts";

/** A message of the channel as users receive it, encoded once per node. */
export interface Delivery {
  readonly text: string;
  /** Of `text` as UTF-8. */
  readonly bytes: number;
  readonly position: string | undefined;
}

/** What a user that comes back gets before it takes part in what is live. */
export interface Replayed {
  readonly deliveries: readonly Delivery[];
  /**
   * The user is ahead of its new node: what comes live up to this position, and it, the user has already. Absent: the
   * live messages from this turn on follow without hole or overlap.
   */
  readonly aheadTo: string | undefined;
}

export interface ReplaysOptions {
  readonly broker: Pick<BrokerConnection, "position" | "replay">;
  readonly encode: (message: { text: string; position?: string }) => Delivery;
  /** Bytes of live messages kept while the broker is asked; over it, it is asked again. */
  readonly heldBytesMax: number;
  /** A user that waits longer is told that nobody knows what it missed. */
  readonly waitMsMax: number;
}

interface Waiting {
  readonly after: string;
  readonly askedMs: number;
  readonly take: (replayed: Replayed | undefined) => void;
}

/** One question to the broker. */
interface Reading {
  readonly after: string;
  /** The node's own position when the broker was asked. */
  readonly stand: string | undefined;
  /** What came live since. */
  since: Delivery[];
  sinceBytes: number;
  /** There is a hole in `since`. */
  spoiled: boolean;
}

/** Replayed to users in one turn of the event loop, so that the sockets get their turns in a storm of resumes. */
const turnBytes = 1024 * 1024;

/**
 * Resumes of the users of one node. The broker is asked one question at a time, and its answer serves every user who
 * waits and whose position is in it: where hundreds come back after a failure, all just behind each other, a few
 * questions do for all of them, and one answer at a time is in memory.
 *
 * Needs a broker whose history is in the order in which every node sees the messages (`order: "total"`).
 */
export class Replays {
  readonly #options: ReplaysOptions;
  #waiting: Waiting[] = [];
  #reading: Reading | undefined;
  #closed = false;

  constructor(options: ReplaysOptions) {
    this.#options = options;
  }

  /**
   * Calls back exactly once: with everything after `after`, in the turn in which it is complete, or with undefined
   * where there is no telling. Not after `close`.
   */
  ask(after: string, take: Waiting["take"]): void {
    this.#waiting.push({ after, take, askedMs: performance.now() });
    if (this.#reading === undefined) void this.#run();
  }

  /** Every live message of the node, in order, before it goes to the users. */
  live(delivery: Delivery): void {
    const reading = this.#reading;
    if (reading === undefined || reading.spoiled) return;
    reading.since.push(delivery);
    reading.sinceBytes += delivery.bytes;
    if (reading.sinceBytes > this.#options.heldBytesMax) this.#spoil(reading);
  }

  /** Live messages may be missing from here on. */
  gap(): void {
    if (this.#reading !== undefined) this.#spoil(this.#reading);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  #spoil(reading: Reading): void {
    reading.spoiled = true;
    reading.since = [];
  }

  async #run(): Promise<void> {
    const { broker, encode } = this.#options;
    while (!this.#closed && this.#waiting.length > 0) {
      const { after } = this.#waiting[0]!;
      const reading: Reading = { after, stand: broker.position, since: [], sinceBytes: 0, spoiled: false };
      this.#reading = reading;
      const messages = await this.#read(after);
      if (messages === undefined)
        for (const { take } of this.#withdraw((user) => user.after === after)) take(undefined);
      else await this.#serve(reading, messages.map(encode));
      const tooLateMs = performance.now() - this.#options.waitMsMax;
      for (const { take } of this.#withdraw(({ askedMs }) => askedMs < tooLateMs)) take(undefined);
    }
    this.#reading = undefined;
  }

  async #read(after: string): Promise<Awaited<ReturnType<BrokerConnection["replay"]>>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#options.waitMsMax);
    });
    try {
      return await Promise.race([this.#options.broker.replay(after), late]);
    } catch {
      // A broker that is away knows no history: for the user that is a gap.
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Answers everybody whose position is in what was read, some in each turn. */
  async #serve(reading: Reading, missed: readonly Delivery[]): Promise<void> {
    const indexes = new Map(missed.map(({ position }, index) => [position, index]));
    indexes.set(reading.after, -1);
    const last = missed.at(-1)?.position ?? reading.after;
    const served = (): Waiting[] => this.#withdraw(({ after }) => indexes.has(after));
    for (let users = served(); users.length > 0; users = served()) {
      let bytes = 0;
      while (users.length > 0 && bytes <= turnBytes) {
        if (reading.spoiled || this.#closed) break;
        const { after, take } = users.shift()!;
        const fromHere = missed.slice(indexes.get(after)! + 1);
        const beyond = newerThan(last, reading);
        const deliveries = beyond === undefined ? fromHere : fromHere.concat(beyond);
        bytes += deliveries.reduce((sum, delivery) => sum + delivery.bytes, 0);
        take({ deliveries, aheadTo: beyond === undefined ? last : undefined });
      }
      // First in line again, here or for the next question.
      this.#waiting.unshift(...users);
      if (reading.spoiled || this.#closed) return;
      await new Promise(setImmediate);
    }
  }

  #withdraw(which: (user: Waiting) => boolean): Waiting[] {
    const { yes = [], no = [] } = Object.groupBy(this.#waiting, (user) => (which(user) ? "yes" : "no"));
    this.#waiting = no;
    return yes;
  }
}

/**
 * The live messages after `last`, the newest the broker gave; undefined while the node itself has not come so far. An
 * answer holds everything from its beginning up to at least where the node stood when it asked: a node that stands at
 * none of its positions is behind all of them.
 */
function newerThan(last: string, { stand, since }: Reading): readonly Delivery[] | undefined {
  if (stand === last) return since;
  const index = since.findIndex(({ position }) => position === last);
  return index < 0 ? undefined : since.slice(index + 1);
}
