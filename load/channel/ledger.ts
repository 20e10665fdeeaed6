/**
 * What was published against what arrived, per message and recipient, exactly. Pure: it is told the time, and knows no
 * connection. See `Ledger` in channel-users-api.ts for what is counted; every count here is one of events or of bits, never
 * an estimate.
 */
import { WirebenchError } from "../../protocol/errors.ts";
import { type Message, textLatenessNs } from "../../protocol/messages/message.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import type { Ledger, Missing, Owed, UserSpan } from "./channel-users-api.ts";
import { MessageTable } from "./messages.ts";
import { countMissing, countOwed, listMissing } from "./missing.ts";
import { away } from "./presence.ts";
import { Recipient } from "./recipient.ts";
import { TrafficWindows } from "./windows.ts";

export type LedgerSnapshot = Omit<Ledger, "usersEventLoopUtilization" | "usersStallMaxMs" | "usersCpuShare">;

type MessageTimes = Pick<Message, "scheduledNs" | "sentNs">;

/** `stray`: not of this ledger, or not owed to this user. `corrupted`: it says what its publisher did not. */
export type Arrival = "new" | "replayed" | "duplicate" | "stray" | "corrupted";

/** The most a ledger holds: one bit per message and user (32 MiB), rows of messages, and changes of connections. */
export interface LedgerBounds {
  readonly bits: number;
  readonly messages: number;
  readonly stays: number;
}

const defaultBounds: LedgerBounds = { bits: 2 ** 28, messages: 2 ** 21, stays: 2 ** 20 };

const histogramNames = [
  "sameNodeDelivery",
  "crossNodeDelivery",
  "firstRecipient",
  "medianRecipient",
  "lastRecipient",
  "dispatch",
] as const satisfies (keyof Ledger["histograms"])[];

type Histograms = Record<(typeof histogramNames)[number], LatencyHistogram>;

const emptyHistograms = (): Histograms =>
  Object.fromEntries(histogramNames.map((name) => [name, new LatencyHistogram()])) as Histograms;

const zeroCounts = () => ({
  unsentMessages: 0,
  acceptedMessages: 0,
  rejectedMessages: 0,
  expectedDeliveries: 0,
  deliveries: 0,
  duplicatedDeliveries: 0,
  reorderedDeliveries: 0,
  corruptedDeliveries: 0,
  replayedDeliveries: 0,
  strayDeliveries: 0,
  gapNotices: 0,
  sameNodeExpected: 0,
  sameNodeDeliveries: 0,
});

export class DeliveryLedger {
  readonly #bounds: LedgerBounds;
  readonly #recipients: Recipient[] = [];
  readonly #nextSequence: number[] = [];
  readonly #nodes = new Map<string, number>();
  /** By room, users that are owed what is sent there now: all, and those on each node. */
  readonly #owed: { all: number; readonly onNode: number[] }[] = [];
  #stays = 0;
  /** Sequence numbers not answered yet, by publisher; a publisher whose connection ended waits for none. */
  readonly #pending: Set<number>[] = [];
  #pendingCount = 0;
  #messages = new MessageTable();
  #windows = new TrafficWindows();
  #counts = zeroCounts();
  #histograms = emptyHistograms();
  /** From sending to arrival, by the recipient's node at the sending. */
  #delaysPerNode: LatencyHistogram[] = [];

  constructor(bounds: Partial<LedgerBounds> = {}) {
    this.#bounds = { ...defaultBounds, ...bounds };
  }

  /** Adds a user, who is away, and returns its number. A newcomer is owed nothing before its first welcome. */
  addUser(kind: "from-the-start" | "newcomer", room = 0): number {
    const owed = kind === "from-the-start";
    this.#owed[room] ??= { all: 0, onNode: [] };
    if (owed) this.#owed[room].all++;
    this.#stays++;
    this.#pending.push(new Set());
    return this.#recipients.push(new Recipient(owed ? this.#messages.length : Number.POSITIVE_INFINITY, room)) - 1;
  }

  /** The user has a connection to `node`. `recovered` is what it was told of messages it missed, if anything. */
  welcomed(user: number, node: string, atNs: number, recovered?: "all" | "gap"): void {
    const recipient = this.#recipients[user]!;
    const now = this.#messages.length;
    if (recipient.owedFrom === Number.POSITIVE_INFINITY) {
      recipient.owedFrom = now;
      this.#owed[recipient.room]!.all++;
    }
    this.#move(recipient, this.#nodeNumber(node), atNs);
    recipient.replayBefore = recovered === "all" ? now : 0;
    if (recovered === "gap") this.gap(user);
  }

  /** The user has no connection any more, so nothing it published will be answered. */
  ended(user: number, atNs: number): void {
    this.#move(this.#recipients[user]!, away, atNs);
    this.#pendingCount -= this.#pending[user]!.size;
    this.#pending[user]!.clear();
  }

  /** The user was told that messages may be missing. */
  gap(user: number): void {
    this.#counts.gapNotices++;
    this.#recipients[user]!.gapBefore = this.#messages.length;
  }

  /** Number of the next message of a publisher. Goes on over `reset`, so that what is still on the way is told apart. */
  nextSequence(publisher: number): number {
    return this.#nextSequence[publisher] ?? 0;
  }

  /** Throws `usage` if so many messages more are too many to be counted exactly. */
  demandCapacity(messages: number): void {
    const { bits, messages: rows, stays } = this.#bounds;
    const total = this.#messages.length + messages;
    const users = this.#recipients.length;
    if (total > rows || total * users > bits) {
      const most = Math.min(rows, Math.floor(bits / Math.max(1, users)));
      throw new WirebenchError("usage", `expected at most ${most} messages to ${users} users, got ${total}`);
    }
    if (this.#stays > stays) {
      throw new WirebenchError("usage", `users connected and disconnected too often to keep count (${stays} times)`);
    }
  }

  /**
   * The next message of `publisher`, who is connected, was handed to its connection. `dueNs`: when it should have been;
   * absent in a closed loop. Throws `usage` beyond the bounds.
   */
  published(publisher: number, sentNs: number, dueNs?: number): void {
    this.demandCapacity(1);
    const sequence = this.nextSequence(publisher);
    const { presence, room } = this.#recipients[publisher]!;
    const publisherNode = presence.node;
    const owed = this.#owed[room]!;
    const fromNs = dueNs ?? sentNs;
    this.#nextSequence[publisher] = sequence + 1;
    this.#messages.append({ publisher, sequence, publisherNode, sentNs, fromNs, owedTo: owed.all });
    this.#counts.expectedDeliveries += owed.all;
    if (publisherNode !== away) this.#counts.sameNodeExpected += owed.onNode[publisherNode] ?? 0;
    this.#pending[publisher]!.add(sequence);
    this.#pendingCount++;
    this.#windows.published(sentNs);
    if (dueNs !== undefined) this.#histograms.dispatch.record(sentNs - dueNs);
  }

  /** A message was due, but its publisher had no connection. */
  unsent(): void {
    this.#counts.unsentMessages++;
  }

  /** What a publisher was told of its message. The bad news stays: nothing said later takes it back. */
  answered(publisher: number, sequence: number, answer: "accepted" | "rejected"): void {
    const row = this.#messages.find(publisher, sequence);
    if (row === undefined) return;
    if (this.#pending[publisher]!.delete(sequence)) this.#pendingCount--;
    const before = this.#messages.answer(row);
    if (before === answer || before === "rejected") return;
    if (before === "accepted") this.#counts.acceptedMessages--;
    this.#counts[`${answer}Messages`]++;
    this.#messages.setAnswer(row, answer);
  }

  /** What arrived at a user is no message. */
  corrupted(): void {
    this.#counts.corruptedDeliveries++;
  }

  /** A message arrived at a user. `times`: what it says of them, which must be what its publisher said. */
  delivered(user: number, publisher: number, sequence: number, atNs: number, times?: MessageTimes): Arrival {
    const counts = this.#counts;
    const recipient = this.#recipients[user]!;
    const row = this.#messages.find(publisher, sequence);
    if (row === undefined || row < recipient.owedFrom || this.#recipients[publisher]!.room !== recipient.room) {
      counts.strayDeliveries++;
      return "stray";
    }
    if (times !== undefined && this.#contradicts(row, times)) {
      counts.corruptedDeliveries++;
      return "corrupted";
    }
    if (recipient.has(row)) {
      counts.duplicatedDeliveries++;
      return "duplicate";
    }
    recipient.take(row);
    counts.deliveries++;
    this.#windows.delivered(atNs);
    if (recipient.isOvertaken(publisher, sequence)) counts.reorderedDeliveries++;
    this.#time(recipient, row, atNs);
    if (row >= recipient.replayBefore) return "new";
    counts.replayedDeliveries++;
    return "replayed";
  }

  /** Publishing begins; it is meant to end at `endNs`, or does when `endWindow` says so. */
  beginWindow(startNs: number, endNs: number): void {
    this.#windows.begin(startNs, endNs);
  }

  endWindow(atNs: number): void {
    this.#windows.end(atNs);
  }

  get publishedMessages(): number {
    return this.#messages.length;
  }

  get deliveries(): number {
    return this.#counts.deliveries;
  }

  /** Every expected delivery is in, and no publisher waits for an answer. */
  get complete(): boolean {
    return this.#counts.deliveries === this.#counts.expectedDeliveries && this.#pendingCount === 0;
  }

  read(): LedgerSnapshot {
    const { expectedDeliveries, deliveries, sameNodeExpected, sameNodeDeliveries } = this.#counts;
    const encoded = histogramNames.flatMap((name) =>
      this.#histograms[name].count === 0 ? [] : [[name, this.#histograms[name].encode()] as const],
    );
    return {
      ...this.#counts,
      ...countMissing(this.#recipients, this.#messages),
      publishedMessages: this.#messages.length,
      crossNodeExpected: expectedDeliveries - sameNodeExpected,
      crossNodeDeliveries: deliveries - sameNodeDeliveries,
      ...this.#windows.rates(),
      histogramsPerNode: this.#encodePerNode(),
      histograms: Object.fromEntries(encoded),
    };
  }

  /** See `ChannelUsersApi.missing`. */
  missing(max: number): Missing {
    return listMissing(this.#recipients, this.#messages, [...this.#nodes.keys()], max);
  }

  /** See `ChannelUsersApi.owedWithin`. */
  owedWithin(spans: readonly UserSpan[]): Owed {
    return countOwed(this.#recipients, this.#messages, spans);
  }

  /** Forgets every message; connections, and the numbers of messages to come, stay. */
  reset(): void {
    for (const recipient of this.#recipients) recipient.reset();
    for (const pending of this.#pending) pending.clear();
    this.#pendingCount = 0;
    this.#stays = this.#recipients.length;
    this.#messages = new MessageTable();
    this.#windows = new TrafficWindows();
    this.#counts = zeroCounts();
    this.#histograms = emptyHistograms();
    this.#delaysPerNode = [];
  }

  /** Rounded and bounded as the codec does it, so that equal means equal. */
  #contradicts(row: number, { scheduledNs, sentNs }: MessageTimes): boolean {
    const fromNs = this.#messages.fromNs(row);
    const saidNs = Math.round(fromNs);
    return scheduledNs !== saidNs || sentNs !== saidNs + textLatenessNs(fromNs, this.#messages.sentNs(row));
  }

  #encodePerNode(): Record<string, string> {
    const named = [...this.#nodes].flatMap(([name, node]) => {
      const delays = this.#delaysPerNode[node];
      return delays === undefined ? [] : [[name, delays.encode()] as const];
    });
    return Object.fromEntries(named);
  }

  #time(recipient: Recipient, row: number, atNs: number): void {
    const publisherNode = this.#messages.publisherNode(row);
    const node = recipient.presence.nodeAt(row);
    const fromNs = this.#messages.fromNs(row);
    const histograms = this.#histograms;
    if (node !== away && node === publisherNode) {
      this.#counts.sameNodeDeliveries++;
      histograms.sameNodeDelivery.record(atNs - fromNs);
    } else histograms.crossNodeDelivery.record(atNs - fromNs);
    if (node !== away) {
      this.#delaysPerNode[node] ??= new LatencyHistogram();
      this.#delaysPerNode[node].record(atNs - this.#messages.sentNs(row));
    }
    const all = this.#messages.arrive(row, atNs);
    if (all === undefined) return;
    histograms.firstRecipient.record(all.firstNs - fromNs);
    histograms.medianRecipient.record(all.medianNs - fromNs);
    histograms.lastRecipient.record(all.lastNs - fromNs);
  }

  #move(recipient: Recipient, node: number, atNs: number): void {
    const { presence } = recipient;
    const staysBefore = presence.stays;
    // Who is on a node was welcomed, and who was welcomed is owed.
    const { onNode } = this.#owed[recipient.room]!;
    if (presence.node !== away) onNode[presence.node]!--;
    if (node !== away) onNode[node] = (onNode[node] ?? 0) + 1;
    presence.move(node, this.#messages.length, atNs);
    this.#stays += presence.stays - staysBefore;
  }

  #nodeNumber(name: string): number {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    this.#nodes.set(name, this.#nodes.size);
    return this.#nodes.size - 1;
  }
}
