import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { ChannelUsers } from "./channel-users.ts";
import { type EventBatch, EventLog, inOrder, LogReader } from "./event-log.ts";
import { DeliveryLedger } from "./ledger.ts";
import { OutageLog } from "./outages.ts";
import { connectOrder } from "./testing.ts";
import type { UserGroupApi } from "./user-group-api.ts";

const nodeNames = ["a", "b", "c"];

/** Random histories of users in several processes, told to one ledger as they happen and to another out of their logs. */
class History {
  readonly logs: readonly EventLog[];
  readonly users: ChannelUsers;
  readonly reference = new DeliveryLedger();
  readonly outages = new OutageLog();
  readonly #random: () => number;
  readonly #connected = new Map<number, string>();
  readonly #published: { publisher: number; sequence: number; scheduledNs: number; sentNs: number }[] = [];
  readonly #sequences: number[] = [];
  #count = 0;
  #atNs = 1e9;
  #lastLog = 0;
  /** While batches are taken, time goes on for the logs that come later. */
  #betweenTakes = 0;

  constructor(seed: number, processes: number) {
    this.#random = seededRandom(seed);
    this.logs = Array.from({ length: processes }, () => new EventLog());
    this.users = new ChannelUsers(this.logs.map((log) => this.#group(log)));
  }

  #group(log: EventLog): UserGroupApi {
    const events = async (): Promise<EventBatch> => {
      for (let event = 0; event < this.#betweenTakes; event++) this.happen();
      return log.take(this.#atNs);
    };
    return { open: async () => {}, add: async () => ({}), events } as Partial<UserGroupApi> as UserGroupApi;
  }

  async begin(users: number): Promise<void> {
    await this.users.connect(connectOrder("", { users }));
    this.#add(users, "from-the-start");
  }

  async join(): Promise<void> {
    await this.users.join({ users: 1 });
    this.#add(1, "newcomer");
  }

  #add(users: number, kind: "from-the-start" | "newcomer"): void {
    for (let user = 0; user < users; user++) {
      this.reference.addUser(kind);
      this.#sequences.push(0);
      this.#count++;
    }
  }

  async reset(): Promise<void> {
    await this.users.reset();
    this.reference.reset();
    this.outages.reset();
  }

  /** Takes in what has happened so far, in the midst of more. */
  async look(): Promise<void> {
    this.#betweenTakes = this.#pick(4);
    await this.users.counts();
    this.#betweenTakes = 0;
  }

  async agrees(what: string): Promise<void> {
    const {
      usersCpuShare: _,
      usersStallMaxMs: __,
      usersEventLoopUtilization: ___,
      ...merged
    } = await this.users.ledger();
    assert.deepEqual(merged, this.reference.read(), what);
    assert.deepEqual(await this.users.missing({ max: 100 }), this.reference.missing(100), what);
    assert.deepEqual(await this.users.outages(), this.outages.read(), what);
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }

  happen(): void {
    const user = this.#pick(this.#count);
    const log = this.logs[user % this.logs.length]!;
    // What happens in the same instant has an order within one process only.
    if (user % this.logs.length !== this.#lastLog || this.#random() < 0.5) this.#atNs += 1 + this.#pick(3) * 0.3e9;
    this.#lastLog = user % this.logs.length;
    const kind = this.#random();
    if (kind < 0.3) this.#publish(log, user);
    else if (kind < 0.75) this.#deliver(log, user);
    else if (kind < 0.85) this.#moveAbout(log, user);
    else if (kind < 0.88) {
      log.happened("gap", user, this.#atNs);
      this.reference.gap(user);
    } else if (kind < 0.96) {
      const sequence = this.#pick(this.#sequences[user]! + 1);
      const answer = this.#random() < 0.5 ? "accepted" : "rejected";
      log.answered(user, sequence, answer, this.#atNs);
      this.reference.answered(user, sequence, answer);
    } else if (kind < 0.98) {
      log.happened("corrupted", user, this.#atNs);
      this.reference.corrupted();
    } else {
      log.happened("unsent", user, this.#atNs);
      this.reference.unsent();
    }
  }

  #publish(log: EventLog, publisher: number): void {
    if (!this.#connected.has(publisher)) return;
    const onSchedule = this.#random() < 0.5;
    const sentNs = this.#atNs;
    const scheduledNs = onSchedule ? sentNs - this.#pick(1000) : sentNs;
    const message = { publisher, sequence: this.#sequences[publisher]!++, scheduledNs, sentNs };
    this.#published.push(message);
    log.published(publisher, { ...message }, onSchedule, sentNs);
    this.reference.published(publisher, sentNs, onSchedule ? scheduledNs : undefined);
  }

  #deliver(log: EventLog, user: number): void {
    const known = this.#published[this.#pick(this.#published.length)];
    if (known === undefined) return;
    const message = this.#random() < 0.05 ? { ...known, sentNs: known.sentNs + 7 } : known;
    log.delivered(user, message, this.#atNs);
    const arrival = this.reference.delivered(user, message.publisher, message.sequence, this.#atNs, message);
    if (arrival === "new") this.outages.delivered(user, this.#atNs);
  }

  #moveAbout(log: EventLog, user: number): void {
    const left = this.#connected.get(user);
    if (left !== undefined) {
      this.#connected.delete(user);
      const why = this.#random() < 0.5 ? "cut" : undefined;
      log.ended(user, why, this.#atNs);
      this.reference.ended(user, this.#atNs);
      if (why === undefined) this.outages.left(user);
      else this.outages.disconnected(user, this.#atNs, left, why);
      return;
    }
    const node = nodeNames[this.#pick(nodeNames.length)]!;
    const recovered = ([undefined, "all", "gap"] as const)[this.#pick(3)];
    const found = [undefined, true, false][this.#pick(3)];
    this.#connected.set(user, node);
    log.happened("attempted", user, this.#atNs);
    this.outages.attempted(user);
    const details = { node, ...(recovered && { recovered }), ...(found !== undefined && { found }) };
    log.welcomed(user, details, this.#atNs);
    this.reference.welcomed(user, node, this.#atNs, recovered);
    this.outages.reconnected(user, this.#atNs, found);
  }
}

for (const processes of [1, 2, 3]) {
  for (let seed = 1; seed <= 8; seed++) {
    test(`the logs of ${processes} processes make the ledger of one, history ${seed}`, async () => {
      const history = new History(seed * 100 + processes, processes);
      await history.begin(7);
      for (let round = 0; round < 30; round++) {
        for (let event = 0; event < 40; event++) history.happen();
        if (round % 3 === 0) await history.look();
        if (round % 7 === 6) await history.join();
        await history.agrees(`round ${round}`);
        if (round % 10 === 9) await history.reset();
      }
    });
  }
}

test("what happened after the log that was taken first is left for the next look", () => {
  const [early, late] = [new EventLog(), new EventLog()];
  const readers = [new LogReader(), new LogReader()];
  const times = (): number[] => Array.from(inOrder(readers), ({ atNs }) => atNs);
  early.happened("gap", 0, 1);
  late.happened("gap", 1, 2);
  readers[0]!.add(early.take(3));
  early.happened("gap", 0, 4);
  late.happened("gap", 1, 5);
  readers[1]!.add(late.take(6));
  assert.deepEqual(times(), [1, 2]);
  readers[0]!.add(early.take(7));
  readers[1]!.add(late.take(8));
  assert.deepEqual(times(), [4, 5]);
});

test("a log that is full is no log", () => {
  const log = new EventLog(5000);
  for (let event = 0; event < 5000; event++) log.happened("gap", 0, event);
  assert.equal(Buffer.from(log.take(9).kinds, "base64").byteLength, 5000);
  for (let event = 0; event < 5001; event++) log.happened("gap", 0, event);
  assert.throws(() => log.take(9), { code: "usage", message: /more than 5000 events/ });
});
