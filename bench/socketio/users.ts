/** Users of Socket.IO nodes with the library's own client, and the ledger of what each of them got. */
import { Manager, type Socket } from "socket.io-client";

export interface Message {
  readonly id: number;
  readonly text: string;
}

export interface Outcome {
  readonly published: number;
  /** Refused or not acknowledged: nobody can tell whether they are owed. */
  readonly unacknowledged: number;
  readonly deliveredFraction: number;
  /** Acknowledged, then not received by a user whose connection never ended. */
  readonly missingConnected: number;
  /** The same by users who were cut off in between. */
  readonly missingCutOff: number;
  readonly duplicated: number;
  readonly cutOff: number;
  /** Of those, how many the server said it gave all they had missed. */
  readonly recovered: number;
  readonly deliveries: number;
  readonly delayP50Ms: number;
}

const acknowledgeWaitMs = 3000;

class User {
  readonly counts = new Map<number, number>();
  readonly socket: Socket;
  wasCutOff = false;
  wasRecovered = false;

  constructor(url: string, received: (id: number) => void) {
    const manager = new Manager(url, { transports: ["websocket"], reconnectionDelay: 100, reconnectionDelayMax: 2000 });
    this.socket = manager.socket("/");
    this.socket.on("message", ({ id }: Message) => {
      this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
      received(id);
    });
    this.socket.on("disconnect", () => {
      this.wasCutOff = true;
    });
    this.socket.on("connect", () => {
      if (this.wasCutOff) this.wasRecovered = this.socket.recovered;
    });
  }
}

export class Users implements Disposable {
  readonly #users: readonly User[];
  readonly #sentMs = new Map<number, number>();
  readonly #accepted = new Set<number>();
  readonly #delaysMs: number[] = [];
  readonly #pending = new Set<Promise<void>>();
  #published = 0;

  constructor(url: string, count: number) {
    this.#users = Array.from({ length: count }, () => new User(url, (id) => this.#received(id)));
  }

  async untilConnected(): Promise<void> {
    await Promise.all(
      this.#users.map(({ socket }) =>
        socket.connected ? undefined : new Promise<void>((done) => socket.once("connect", () => done())),
      ),
    );
  }

  /** The next user in turn says something; one that is not connected says it in vain. */
  publish(text: string): void {
    const id = this.#published++;
    const { socket } = this.#users[id % this.#users.length]!;
    this.#sentMs.set(id, performance.now());
    // What is sent while there is no connection would wait in the client, and be said later.
    if (!socket.connected) return;
    const saying = socket
      .timeout(acknowledgeWaitMs)
      .emitWithAck("publish", { id, text })
      .then(
        () => void this.#accepted.add(id),
        () => {},
      );
    this.#pending.add(saying);
    void saying.finally(() => this.#pending.delete(saying));
  }

  async answered(): Promise<void> {
    await Promise.all(this.#pending);
  }

  outcome(): Outcome {
    const accepted = [...this.#accepted];
    const missingOf = (user: User): number => accepted.filter((id) => !user.counts.has(id)).length;
    const sum = (users: readonly User[], of: (user: User) => number): number =>
      users.reduce((total, user) => total + of(user), 0);
    const cutOff = this.#users.filter(({ wasCutOff }) => wasCutOff);
    const stayed = this.#users.filter(({ wasCutOff }) => !wasCutOff);
    const missing = sum(this.#users, missingOf);
    const expected = accepted.length * this.#users.length;
    this.#delaysMs.sort((a, b) => a - b);
    return {
      published: this.#published,
      unacknowledged: this.#published - accepted.length,
      deliveredFraction: expected === 0 ? Number.NaN : 1 - missing / expected,
      missingConnected: sum(stayed, missingOf),
      missingCutOff: sum(cutOff, missingOf),
      duplicated: sum(this.#users, ({ counts }) => [...counts.values()].reduce((more, count) => more + count - 1, 0)),
      cutOff: cutOff.length,
      recovered: cutOff.filter(({ wasRecovered }) => wasRecovered).length,
      deliveries: this.#delaysMs.length,
      delayP50Ms: this.#delaysMs[Math.floor(this.#delaysMs.length / 2)] ?? Number.NaN,
    };
  }

  #received(id: number): void {
    this.#delaysMs.push(performance.now() - (this.#sentMs.get(id) ?? Number.NaN));
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#users) socket.disconnect().io.reconnection(false);
  }
}
