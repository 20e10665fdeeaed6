/** The ledger against its definitions, written down without any cleverness, over random histories of a cluster. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { DeliveryLedger } from "./ledger.ts";

const nodeNames = ["a", "b", "c"];

interface ModelMessage {
  publisher: number;
  sequence: number;
  sentNs: number;
  node: string;
  /** Where everybody owed was; undefined without a connection. */
  owed: Map<number, string | undefined>;
  rejected: boolean;
  accepted: boolean;
  /** Users told of a gap after it was sent. */
  told: Set<number>;
  /** When those who were connected at the sending lost that connection. */
  cutNs: Map<number, number>;
  received: Set<number>;
}

interface ModelUser {
  node: string | undefined;
  owed: boolean;
  /** Messages sent before the latest welcome, if that promised a replay. */
  replay: Set<ModelMessage>;
  arrivals: ModelMessage[];
}

class Model {
  users: ModelUser[] = [];
  messages: ModelMessage[] = [];
  sequences: number[] = [];
  counts = { duplicated: 0, reordered: 0, replayed: 0, stray: 0, gaps: 0 };

  addUser(owed: boolean): void {
    this.users.push({ node: undefined, owed, replay: new Set(), arrivals: [] });
    this.sequences.push(0);
  }

  welcomed(user: number, node: string, recovered: "all" | "gap" | undefined): void {
    const state = this.users[user]!;
    state.node = node;
    state.owed = true;
    state.replay = new Set(recovered === "all" ? this.messages : []);
    if (recovered === "gap") this.gap(user);
  }

  ended(user: number, atNs: number): void {
    this.users[user]!.node = undefined;
    for (const message of this.messages) {
      if (message.owed.get(user) !== undefined && !message.cutNs.has(user)) message.cutNs.set(user, atNs);
    }
  }

  gap(user: number): void {
    this.counts.gaps++;
    for (const { told } of this.messages) told.add(user);
  }

  published(publisher: number, sentNs: number): void {
    this.messages.push({
      publisher,
      sequence: this.sequences[publisher]!++,
      sentNs,
      node: this.users[publisher]!.node!,
      owed: new Map(this.users.flatMap(({ node, owed }, user) => (owed ? [[user, node] as const] : []))),
      rejected: false,
      accepted: false,
      told: new Set(),
      cutNs: new Map(),
      received: new Set(),
    });
  }

  delivered(user: number, publisher: number, sequence: number): void {
    const message = this.messages.find((one) => one.publisher === publisher && one.sequence === sequence);
    const state = this.users[user]!;
    if (message === undefined || !message.owed.has(user)) this.counts.stray++;
    else if (message.received.has(user)) this.counts.duplicated++;
    else {
      message.received.add(user);
      if (state.replay.has(message)) this.counts.replayed++;
      if (state.arrivals.some((one) => one.publisher === publisher && one.sequence > sequence)) this.counts.reordered++;
      state.arrivals.push(message);
    }
  }

  reset(): void {
    this.messages = [];
    this.counts = { duplicated: 0, reordered: 0, replayed: 0, stray: 0, gaps: 0 };
    for (const user of this.users) Object.assign(user, { replay: new Set(), arrivals: [] });
  }

  read() {
    const pairs = this.messages.flatMap((message) =>
      [...message.owed].map(([user, node]) => ({ message, user, node })),
    );
    const missing = pairs.filter(({ message, user }) => !message.received.has(user));
    const declared = missing.filter(({ message, user }) => message.rejected || message.told.has(user));
    const here = pairs.filter(({ message, node }) => message.node === node);
    const hereReceived = here.filter(({ message, user }) => message.received.has(user));
    const received = pairs.length - missing.length;
    return {
      publishedMessages: this.messages.length,
      acceptedMessages: this.messages.filter(({ accepted, rejected }) => accepted && !rejected).length,
      rejectedMessages: this.messages.filter(({ rejected }) => rejected).length,
      expectedDeliveries: pairs.length,
      deliveries: received,
      missingDeliveries: missing.length,
      declaredLossDeliveries: declared.length,
      silentLossDeliveries: missing.length - declared.length,
      missingWhileConnectedDeliveries: missing.filter(
        ({ message, user, node }) => node !== undefined && !(message.cutNs.get(user)! < message.sentNs + 1e9),
      ).length,
      duplicatedDeliveries: this.counts.duplicated,
      reorderedDeliveries: this.counts.reordered,
      corruptedDeliveries: 0,
      replayedDeliveries: this.counts.replayed,
      strayDeliveries: this.counts.stray,
      gapNotices: this.counts.gaps,
      sameNodeExpected: here.length,
      sameNodeDeliveries: hereReceived.length,
      crossNodeExpected: pairs.length - here.length,
      crossNodeDeliveries: received - hereReceived.length,
    };
  }
}

/** Plays the same random events to both and compares every count after each. */
function play(seed: number, events: number): void {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const ledger = new DeliveryLedger();
  const model = new Model();
  let atNs = 0;
  const add = (owed: boolean): void => {
    ledger.addUser(owed ? "from-the-start" : "newcomer");
    model.addUser(owed);
  };
  for (let user = 0; user < 5; user++) add(true);
  const happen = (): string => {
    const user = pick(model.users.length);
    const state = model.users[user]!;
    const kind = random();
    if (kind < 0.35 && state.node !== undefined) {
      ledger.published(user, atNs);
      model.published(user, atNs);
      return "published";
    }
    if (kind < 0.75) {
      const publisher = pick(model.users.length + 1);
      const sequence = pick((model.sequences[publisher] ?? 0) + 2) - (random() < 0.02 ? 1 : 0);
      ledger.delivered(user, publisher, sequence, atNs);
      model.delivered(user, publisher, sequence);
      return "delivered";
    }
    if (kind < 0.85) {
      if (state.node !== undefined) {
        ledger.ended(user, atNs);
        model.ended(user, atNs);
        return "ended";
      }
      const node = nodeNames[pick(nodeNames.length)]!;
      const recovered = ([undefined, "all", "gap"] as const)[pick(3)];
      ledger.welcomed(user, node, atNs, recovered);
      model.welcomed(user, node, recovered);
      return "welcomed";
    }
    if (kind < 0.88) {
      ledger.gap(user);
      model.gap(user);
      return "gap";
    }
    if (kind < 0.98) {
      const sequence = pick((model.sequences[user] ?? 0) + 1);
      const answer = random() < 0.5 ? "accepted" : "rejected";
      ledger.answered(user, sequence, answer);
      const message = model.messages.find((one) => one.publisher === user && one.sequence === sequence);
      if (message !== undefined) message[answer] = true;
      return answer;
    }
    if (kind < 0.99 && model.users.length < 9) {
      add(random() < 0.3);
      return "added";
    }
    if (kind > 0.998) {
      ledger.reset();
      model.reset();
      return "reset";
    }
    return "nothing";
  };
  const happened: string[] = [];
  for (let event = 0; event < events; event++) {
    // Often not at all: two events in the same nanosecond still have an order.
    atNs += random() < 0.5 ? 0 : pick(4) * 0.3e9;
    happened.push(happen());
    const { histograms, histogramsPerNode, deliveriesPerSecond, publishedPerSecond, unsentMessages, ...counts } =
      ledger.read();
    assert.deepEqual({ ...counts }, model.read(), `seed ${seed}, after ${happened.slice(-20).join(", ")}`);
  }
  assert.ok(
    model.sequences.some((sequences) => sequences > 8),
    "too little happened to find anything",
  );
}

for (let seed = 1; seed <= 12; seed++) {
  test(`the ledger agrees with its definitions after every event of history ${seed}`, () => play(seed, 400));
}
