import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageCodec } from "../../protocol/messages/message.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import { DeliveryLedger, type LedgerSnapshot } from "./ledger.ts";

const ms = 1e6;

/** A ledger of users who are all connected: two on node a, the third on b, and so on in turn. */
function ledgerOf(nodes: readonly string[]): DeliveryLedger {
  const ledger = new DeliveryLedger();
  for (const [user, node] of nodes.entries()) {
    assert.equal(ledger.addUser("from-the-start"), user);
    ledger.welcomed(user, node, 0);
  }
  return ledger;
}

/** The counts named, which are all that matter to a case. */
function counts(ledger: DeliveryLedger, expected: Partial<Omit<LedgerSnapshot, "histograms">>): void {
  const reading = ledger.read();
  const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, reading[key as keyof LedgerSnapshot]]));
  assert.deepEqual(seen, expected);
}

const timed = (encoded: string | undefined): { count: number; percentileNs(percentile: number): number } =>
  encoded === undefined ? { count: 0, percentileNs: () => 0 } : LatencyHistogram.decode(encoded);

test("a message that reaches everybody once is complete, and nothing is missing", () => {
  const ledger = ledgerOf(["a", "b"]);
  ledger.published(0, 10);
  assert.equal(ledger.complete, false);
  assert.equal(ledger.delivered(0, 0, 0, 11), "new");
  assert.equal(ledger.delivered(1, 0, 0, 12), "new");
  assert.equal(ledger.complete, false, "the publisher has no answer yet");
  ledger.answered(0, 0, "accepted");
  assert.equal(ledger.complete, true);
  counts(ledger, {
    publishedMessages: 1,
    acceptedMessages: 1,
    rejectedMessages: 0,
    expectedDeliveries: 2,
    deliveries: 2,
    missingDeliveries: 0,
    declaredLossDeliveries: 0,
    silentLossDeliveries: 0,
    duplicatedDeliveries: 0,
    reorderedDeliveries: 0,
    replayedDeliveries: 0,
    strayDeliveries: 0,
  });
});

test("a delivery that never comes is a silent loss, and one more than once a duplicate that makes up for nothing", () => {
  const ledger = ledgerOf(["a", "a"]);
  ledger.published(0, 10);
  ledger.published(0, 20);
  ledger.delivered(0, 0, 0, 11);
  assert.equal(ledger.delivered(0, 0, 0, 12), "duplicate");
  assert.equal(ledger.delivered(0, 0, 0, 13), "duplicate");
  ledger.delivered(1, 0, 1, 21);
  counts(ledger, {
    expectedDeliveries: 4,
    deliveries: 2,
    duplicatedDeliveries: 2,
    missingDeliveries: 2,
    silentLossDeliveries: 2,
    declaredLossDeliveries: 0,
    missingWhileConnectedDeliveries: 2,
  });
});

test("a message that says of its times what was not said is corrupted, in either kind of loop and however late", () => {
  const ledger = ledgerOf(["a"]);
  const codec = new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });
  // The last was due before it could be sent by more than a header can hold, the one before leaves early.
  const times = [[7e6], [7e6 + 3, 7e6], [8e6, 8e6 + 0.4], [3e10, 1]] as const;
  for (const [sequence, [sentNs, dueNs]] of times.entries()) {
    ledger.published(0, sentNs, dueNs);
    const said = { ...codec.decode(codec.encode("data", 0, sequence, dueNs ?? sentNs, sentNs))! };
    assert.equal(ledger.delivered(0, 0, sequence, 1e11, { ...said, sentNs: said.sentNs + 1 }), "corrupted");
    assert.equal(ledger.delivered(0, 0, sequence, 1e11, { ...said, scheduledNs: said.scheduledNs - 1 }), "corrupted");
    assert.equal(ledger.delivered(0, 0, sequence, 1e11, said), "new");
    assert.equal(ledger.delivered(0, 1, sequence, 1e11, said), "stray", "of a publisher that sent nothing");
  }
  counts(ledger, { corruptedDeliveries: 8, deliveries: 4, strayDeliveries: 4, duplicatedDeliveries: 0 });
});

test("a corrupted arrival is counted and changes nothing else", () => {
  const ledger = ledgerOf(["a"]);
  ledger.published(0, 10);
  ledger.answered(0, 0, "accepted");
  ledger.corrupted();
  counts(ledger, {
    corruptedDeliveries: 1,
    deliveries: 0,
    missingDeliveries: 1,
    silentLossDeliveries: 1,
    strayDeliveries: 0,
  });
  assert.equal(ledger.complete, false);
  ledger.delivered(0, 0, 0, 11);
  counts(ledger, { corruptedDeliveries: 1, deliveries: 1, missingDeliveries: 0, duplicatedDeliveries: 0 });
  ledger.reset();
  counts(ledger, { corruptedDeliveries: 0 });
});

test("what is missing is told one by one, with where both were, up to as many as asked for", () => {
  const ledger = ledgerOf(["a", "b"]);
  ledger.published(0, 10);
  ledger.answered(0, 0, "accepted");
  ledger.ended(1, 15);
  ledger.published(0, 20);
  ledger.answered(0, 1, "rejected");
  ledger.published(0, 30);
  for (const sequence of [0, 1, 2]) ledger.delivered(0, 0, sequence, 40);
  const first = { publisher: 0, sequence: 0, user: 1, sentNs: 10, answer: "accepted", publisherNode: "a" };
  const gone = { ...first, recipientNode: "b", recipientEndedNs: 15, recipientStayed: false };
  const away = { ...first, sequence: 1, sentNs: 20, answer: "rejected", recipientStayed: false };
  const unanswered = { ...away, sequence: 2, sentNs: 30, answer: "none" };
  assert.deepEqual(ledger.missing(9), { deliveries: [gone, away, unanswered], unlisted: 0 });
  assert.deepEqual(ledger.missing(1), { deliveries: [gone], unlisted: 2 });
});

test("what was sent within a span is owed, its end excluded, and what of it did not arrive is missing", () => {
  const ledger = ledgerOf(["a", "b"]);
  for (const sentNs of [10, 20, 30, 40]) ledger.published(0, sentNs);
  ledger.delivered(1, 0, 0, 11);
  ledger.delivered(1, 0, 1, 21);
  assert.deepEqual(ledger.owedWithin([{ user: 1, fromNs: 10, toNs: 40 }]), { owed: 3, missing: 1 });
  assert.deepEqual(ledger.owedWithin([{ user: 1, fromNs: 20, toNs: Number.POSITIVE_INFINITY }]), {
    owed: 3,
    missing: 2,
  });
  assert.deepEqual(ledger.owedWithin([]), { owed: 0, missing: 0 });
});

test("a user that stayed misses while connected", () => {
  const ledger = ledgerOf(["a", "b"]);
  ledger.published(0, 10);
  ledger.delivered(0, 0, 0, 11);
  const [missing] = ledger.missing(9).deliveries;
  assert.deepEqual([missing!.user, missing!.recipientNode, missing!.recipientStayed], [1, "b", true]);
  assert.equal(missing!.recipientEndedNs, undefined);
});

test("order is judged per publisher: 0 2 1 holds one reordered message, whoever else sends between", () => {
  const ledger = ledgerOf(["a", "a"]);
  for (let i = 0; i < 3; i++) ledger.published(0, i);
  ledger.published(1, 4);
  for (const [publisher, sequence] of [
    [0, 0],
    [0, 2],
    [1, 0],
    [0, 1],
  ] as const) {
    ledger.delivered(1, publisher, sequence, 5);
  }
  counts(ledger, { deliveries: 4, reorderedDeliveries: 1 });
});

test("a duplicate of an overtaken message is a duplicate and not reordered too", () => {
  const ledger = ledgerOf(["a"]);
  for (let i = 0; i < 3; i++) ledger.published(0, i);
  for (const sequence of [0, 1, 2, 0, 1]) ledger.delivered(0, 0, sequence, 5);
  counts(ledger, { deliveries: 3, duplicatedDeliveries: 2, reorderedDeliveries: 0 });
});

test("a rejected message is a declared loss where it is missing, and a delivery where it came all the same", () => {
  const ledger = ledgerOf(["a", "b", "b"]);
  ledger.published(0, 10);
  ledger.published(0, 20);
  ledger.answered(0, 0, "rejected");
  ledger.delivered(1, 0, 0, 30);
  counts(ledger, {
    rejectedMessages: 1,
    acceptedMessages: 0,
    deliveries: 1,
    missingDeliveries: 5,
    declaredLossDeliveries: 2,
    silentLossDeliveries: 3,
  });
});

test("the bad answer stays, whatever is said before or after it, and is counted once", () => {
  const ledger = ledgerOf(["a"]);
  for (let i = 0; i < 3; i++) ledger.published(0, i);
  for (const answer of ["accepted", "accepted", "rejected", "accepted", "rejected"] as const) {
    ledger.answered(0, 0, answer);
  }
  ledger.answered(0, 1, "accepted");
  ledger.answered(0, 1, "accepted");
  ledger.answered(0, 7, "accepted");
  counts(ledger, { acceptedMessages: 1, rejectedMessages: 1, declaredLossDeliveries: 1, silentLossDeliveries: 2 });
});

test("a message whose publisher was cut off before the answer is neither accepted nor rejected, and lost in silence", () => {
  const ledger = ledgerOf(["a"]);
  ledger.published(0, 10);
  ledger.ended(0, 11);
  assert.equal(ledger.complete, false);
  ledger.welcomed(0, "a", 20);
  ledger.delivered(0, 0, 0, 21);
  assert.equal(ledger.complete, true, "nobody waits for an answer that cannot come");
  ledger.published(0, 30);
  counts(ledger, { acceptedMessages: 0, rejectedMessages: 0, silentLossDeliveries: 1 });
});

test("a gap declares what was sent before it and is not there at the end, and nothing sent after it", () => {
  const ledger = ledgerOf(["a", "a"]);
  for (let i = 0; i < 3; i++) ledger.published(0, 10);
  ledger.delivered(1, 0, 0, 10);
  // Same nanosecond: the order of events decides.
  ledger.gap(1);
  ledger.published(0, 10);
  ledger.delivered(1, 0, 1, 11);
  for (let sequence = 0; sequence < 4; sequence++) ledger.delivered(0, 0, sequence, 12);
  counts(ledger, { missingDeliveries: 2, declaredLossDeliveries: 1, silentLossDeliveries: 1 });
});

test("a gap told to one user says nothing to another", () => {
  const ledger = ledgerOf(["a", "a"]);
  ledger.published(0, 10);
  ledger.gap(1);
  counts(ledger, { missingDeliveries: 2, declaredLossDeliveries: 1, silentLossDeliveries: 1 });
});

test("a loss that both sides were told of is one declared loss", () => {
  const ledger = ledgerOf(["a"]);
  ledger.published(0, 10);
  ledger.answered(0, 0, "rejected");
  ledger.gap(0);
  counts(ledger, { missingDeliveries: 1, declaredLossDeliveries: 1, silentLossDeliveries: 0 });
});

test("a user that only reconnects is told nothing: what it missed is silent", () => {
  const ledger = ledgerOf(["a", "a"]);
  ledger.ended(1, 10);
  ledger.published(0, 20);
  ledger.welcomed(1, "a", 30);
  ledger.delivered(0, 0, 0, 31);
  counts(ledger, { missingDeliveries: 1, silentLossDeliveries: 1, missingWhileConnectedDeliveries: 0 });
});

test("a user that resumes and is refused knows that messages are missing", () => {
  const ledger = ledgerOf(["a", "a"]);
  ledger.ended(1, 10);
  ledger.published(0, 20);
  ledger.welcomed(1, "a", 30, "gap");
  ledger.published(0, 40);
  counts(ledger, { missingDeliveries: 4, declaredLossDeliveries: 1, silentLossDeliveries: 3 });
});

test("a replay fills the hole and is told apart from what is new; what it leaves out is silent", () => {
  const ledger = ledgerOf(["a", "a"]);
  ledger.published(0, 10);
  ledger.delivered(1, 0, 0, 11);
  ledger.ended(1, 12);
  ledger.published(0, 20);
  ledger.published(0, 21);
  ledger.welcomed(1, "b", 30, "all");
  ledger.published(0, 40);
  assert.equal(ledger.delivered(1, 0, 0, 41), "duplicate");
  assert.equal(ledger.delivered(1, 0, 1, 42), "replayed");
  assert.equal(ledger.delivered(1, 0, 1, 43), "duplicate");
  assert.equal(ledger.delivered(1, 0, 3, 44), "new");
  for (let sequence = 0; sequence < 4; sequence++) ledger.delivered(0, 0, sequence, 45);
  counts(ledger, {
    deliveries: 7,
    replayedDeliveries: 1,
    duplicatedDeliveries: 2,
    reorderedDeliveries: 0,
    missingDeliveries: 1,
    declaredLossDeliveries: 0,
    silentLossDeliveries: 1,
  });
});

test("a replay that comes after something newer is replayed and reordered", () => {
  const ledger = ledgerOf(["a"]);
  ledger.published(0, 10);
  ledger.ended(0, 11);
  ledger.welcomed(0, "a", 12, "all");
  ledger.published(0, 20);
  assert.equal(ledger.delivered(0, 0, 1, 21), "new");
  assert.equal(ledger.delivered(0, 0, 0, 22), "replayed");
  counts(ledger, { replayedDeliveries: 1, reorderedDeliveries: 1 });
});

test("same node or cross node is where both were at the sending, however late it arrives", () => {
  const ledger = ledgerOf(["a", "a", "b"]);
  ledger.published(0, 10);
  ledger.ended(1, 20);
  ledger.published(0, 30);
  ledger.welcomed(1, "b", 40);
  ledger.published(0, 50);
  for (let sequence = 0; sequence < 3; sequence++) {
    ledger.delivered(0, 0, sequence, 60);
    ledger.delivered(1, 0, sequence, 60);
  }
  ledger.delivered(2, 0, 0, 60);
  // Per message: users 0 and 1; user 0 alone, since 1 is on no node; user 0 alone.
  counts(ledger, { sameNodeExpected: 4, sameNodeDeliveries: 4, crossNodeExpected: 5, crossNodeDeliveries: 3 });
});

test("missing while connected needs the recipient to stay for a second, or for as long as the ledger goes", () => {
  const ledger = ledgerOf(["a", "a", "a", "a"]);
  ledger.ended(3, 50 * ms);
  ledger.published(0, 100 * ms);
  ledger.ended(1, 1099 * ms);
  ledger.welcomed(1, "a", 1099 * ms);
  ledger.ended(2, 1100 * ms);
  counts(ledger, { missingDeliveries: 4, missingWhileConnectedDeliveries: 2 });
});

test("a newcomer is owed what is sent after its first welcome; what comes sooner is stray", () => {
  const ledger = ledgerOf(["a"]);
  const newcomer = ledger.addUser("newcomer");
  ledger.published(0, 10);
  ledger.welcomed(newcomer, "a", 20);
  ledger.published(0, 30);
  assert.equal(ledger.delivered(newcomer, 0, 0, 31), "stray");
  assert.equal(ledger.delivered(newcomer, 0, 1, 32), "new");
  counts(ledger, { expectedDeliveries: 3, sameNodeExpected: 3, missingDeliveries: 2, strayDeliveries: 1 });
});

test("a user that was there from the start is owed everything even if it never got in", () => {
  const ledger = ledgerOf(["a"]);
  ledger.addUser("from-the-start");
  ledger.published(0, 10);
  counts(ledger, { expectedDeliveries: 2, sameNodeExpected: 1, missingDeliveries: 2, silentLossDeliveries: 2 });
});

test("what nobody published is stray, whatever numbers it has", () => {
  const ledger = ledgerOf(["a"]);
  ledger.published(0, 10);
  for (const [publisher, sequence] of [
    [0, 1],
    [0, -1],
    [0, 0.5],
    [7, 0],
    [-1, 0],
    [0, Number.NaN],
  ] as const) {
    assert.equal(ledger.delivered(0, publisher, sequence, 11), "stray");
  }
  counts(ledger, { deliveries: 0, strayDeliveries: 6, missingDeliveries: 1 });
});

test("after a reset what is still on the way is stray, numbers go on, and a user that is away stays away", () => {
  const ledger = ledgerOf(["a", "b"]);
  ledger.published(0, 10);
  ledger.ended(1, 11);
  ledger.gap(0);
  ledger.reset();
  assert.equal(ledger.complete, true);
  ledger.answered(0, 0, "rejected");
  assert.equal(ledger.delivered(0, 0, 0, 12), "stray");
  assert.equal(ledger.nextSequence(0), 1);
  ledger.published(0, 20);
  assert.equal(ledger.delivered(0, 0, 1, 21), "new");
  counts(ledger, {
    publishedMessages: 1,
    rejectedMessages: 0,
    expectedDeliveries: 2,
    sameNodeExpected: 1,
    deliveries: 1,
    strayDeliveries: 1,
    declaredLossDeliveries: 0,
    silentLossDeliveries: 1,
    missingWhileConnectedDeliveries: 0,
  });
});

test("delays count from the schedule in an open loop and from the sending in a closed one", () => {
  const ledger = ledgerOf(["a", "b"]);
  ledger.published(0, 30 * ms, 10 * ms);
  ledger.published(0, 40 * ms);
  ledger.delivered(0, 0, 0, 50 * ms);
  ledger.delivered(0, 0, 1, 60 * ms);
  ledger.delivered(1, 0, 0, 110 * ms);
  const { sameNodeDelivery, crossNodeDelivery, dispatch, lastRecipient } = ledger.read().histograms;
  near(timed(sameNodeDelivery).percentileNs(50), 20 * ms);
  near(timed(sameNodeDelivery).percentileNs(100), 40 * ms);
  assert.equal(timed(sameNodeDelivery).count, 2);
  near(timed(crossNodeDelivery).percentileNs(50), 100 * ms);
  near(timed(dispatch).percentileNs(50), 20 * ms);
  assert.equal(timed(dispatch).count, 1);
  assert.equal(timed(lastRecipient).count, 1, "the second message has not reached everybody");
});

test("first, median and last recipient are those of messages that reached everybody, duplicates apart", () => {
  const ledger = ledgerOf(["a", "a", "a", "a"]);
  ledger.published(0, 0, 0);
  for (const [index, user] of [2, 0, 3, 1].entries()) {
    ledger.delivered(user, 0, 0, (index + 1) * 10 * ms);
    ledger.delivered(2, 0, 0, (index + 1) * 10 * ms);
  }
  const { firstRecipient, medianRecipient, lastRecipient } = ledger.read().histograms;
  near(timed(firstRecipient).percentileNs(50), 10 * ms);
  near(timed(medianRecipient).percentileNs(50), 20 * ms);
  near(timed(lastRecipient).percentileNs(50), 40 * ms);
  assert.equal(timed(lastRecipient).count, 1);
});

test("rates hold what was sent and what arrived within the window of traffic, to its planned end or its halt", () => {
  const ledger = ledgerOf(["a"]);
  ledger.beginWindow(1000 * ms, 3000 * ms);
  ledger.published(0, 999 * ms);
  ledger.published(0, 1000 * ms);
  ledger.published(0, 2999 * ms);
  ledger.delivered(0, 0, 0, 1000 * ms);
  ledger.delivered(0, 0, 1, 3000 * ms);
  counts(ledger, { publishedPerSecond: 0, deliveriesPerSecond: 0 });
  ledger.endWindow(3001 * ms);
  ledger.delivered(0, 0, 2, 3002 * ms);
  counts(ledger, { publishedPerSecond: 1, deliveriesPerSecond: 0.5 });
  ledger.beginWindow(5000 * ms, 9000 * ms);
  ledger.published(0, 5001 * ms);
  ledger.endWindow(7000 * ms);
  counts(ledger, { publishedPerSecond: 0.75, deliveriesPerSecond: 0.25 });
});

test("what cannot be counted exactly is refused before it is published", () => {
  const ledger = new DeliveryLedger({ bits: 20, messages: 100, stays: 8 });
  for (let user = 0; user < 2; user++) ledger.welcomed(ledger.addUser("from-the-start"), "a", 0);
  for (let i = 0; i < 8; i++) ledger.published(0, i);
  ledger.demandCapacity(2);
  assert.throws(() => ledger.demandCapacity(3), {
    code: "usage",
    message: "expected at most 10 messages to 2 users, got 11",
  });
  ledger.published(0, 9);
  ledger.published(0, 9);
  assert.throws(() => ledger.published(0, 9), { code: "usage" });
  counts(ledger, { publishedMessages: 10 });
  ledger.reset();
  for (let flap = 0; flap < 100; flap++) {
    ledger.ended(1, flap);
    ledger.welcomed(1, "a", flap);
  }
  ledger.published(0, 100);
  assert.equal(ledger.publishedMessages, 1, "connections in which nothing was sent need no memory");
});

test("users that come and go between all messages are refused before memory runs out", () => {
  const ledger = new DeliveryLedger({ stays: 8 });
  for (let user = 0; user < 2; user++) ledger.welcomed(ledger.addUser("from-the-start"), "a", 0);
  assert.throws(
    () => {
      for (let flap = 0; flap < 100; flap++) {
        ledger.published(0, flap);
        ledger.ended(1, flap);
        ledger.published(0, flap);
        ledger.welcomed(1, "a", flap);
      }
    },
    { code: "usage", message: /too often to keep count/ },
  );
});

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * 0.001, `${actual} is not ${expected} to three digits`);
}
