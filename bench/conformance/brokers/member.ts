import assert from "node:assert/strict";
import type { Broker, BrokerConnection, BrokerMessage, BrokerStatus } from "../../../servers/cluster/broker/broker.ts";

/** Nothing a conforming broker is asked for takes this long, a restart of Kafka on a machine with thirty others on it included. */
const defaultPatienceMs = 120_000;
/** Nor does anything that a broker has to do with a single call. */
const callWaitMs = 30_000;

export interface JoinOptions {
  readonly url: string;
  readonly topic: string;
  readonly node: string;
  readonly consumerGroup?: string;
  /** How long any wait for it may take. */
  readonly patienceMs?: number;
}

/** A node's link with everything that came over it, so that a case reads like a story. */
export class Member implements AsyncDisposable {
  readonly messages: BrokerMessage[] = [];
  readonly statuses: BrokerStatus[] = [];
  readonly #patienceMs: number;
  #connection: BrokerConnection | undefined;
  readonly #waiting = new Set<() => void>();

  private constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  static async join(broker: Broker, { consumerGroup, patienceMs, ...options }: JoinOptions): Promise<Member> {
    const member = new Member(patienceMs ?? defaultPatienceMs);
    member.#connection = await broker.connect({
      ...options,
      ...(consumerGroup === undefined ? {} : { consumerGroup }),
      signal: new AbortController().signal,
      onMessage: (message) => {
        member.messages.push(message);
        member.#wake();
      },
      onStatus: (status) => {
        member.statuses.push(status);
        member.#wake();
      },
    });
    return member;
  }

  get connection(): BrokerConnection {
    return this.#connection!;
  }

  get texts(): string[] {
    return this.messages.map(({ text }) => text);
  }

  publish(text: string): Promise<void> {
    return this.connection.publish(text);
  }

  async publishAll(texts: readonly string[]): Promise<void> {
    await Promise.all(texts.map((text) => this.publish(text)));
  }

  async receives(text: string): Promise<void> {
    let seen = 0;
    const came = (): boolean => {
      while (seen < this.messages.length) if (this.messages[seen++]!.text === text) return true;
      return false;
    };
    await this.until(came, `${JSON.stringify(text)} did not come`);
  }

  async isTold(status: BrokerStatus): Promise<void> {
    await this.until(() => this.statuses.includes(status), `was not told "${status}"`);
  }

  /** Looks again at every message and change of status; throws with the complaint when it takes too long. */
  async until(holds: () => boolean, complaint: string): Promise<void> {
    const deadlineMs = performance.now() + this.#patienceMs;
    while (!holds()) {
      const leftMs = deadlineMs - performance.now();
      assert.ok(
        leftMs > 0,
        `${complaint} within ${this.#patienceMs / 1000} s; it was told ${JSON.stringify(this.statuses)}`,
      );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const look of waiting) look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

/** Publishes the text; once every member has it, all that was published before and will ever come has come. */
export async function seal(members: readonly Member[], text = "the last"): Promise<void> {
  await members[0]!.publish(text);
  await Promise.all(members.map((member) => member.receives(text)));
}

/** Bounds any wait; `complaint` says what did not happen. */
export async function within<T>(promise: Promise<T>, complaint: string, ms = callWaitMs): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${complaint} within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
