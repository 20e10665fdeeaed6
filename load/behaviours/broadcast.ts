import { nowNs } from "../../protocol/clock.ts";
import type { Payload, ServerConnection } from "../../protocol/contract.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** How a broadcast is done, and what it may be told to do wrong. */
export interface BroadcastOrder {
  /** Who publishes does not hear itself. */
  readonly toOthers?: boolean;
  /** After so many members in a row everybody else has a turn of the event loop. Absent: one loop over all. */
  readonly yieldsEvery?: number;
  /** Looks, before each message to a member, how much waits for it already. */
  readonly watchesQueues?: boolean;
  /** The last member to come in hears nothing. */
  readonly forgetsLast?: boolean;
}

/** The way of one message to all members, by the clock of the host. */
export interface PublicationRecord {
  readonly startNs: number;
  /** Of the last write. */
  endNs: number;
  /** Longest stretch of it in which nobody else had a turn, with the writes that wait for the end of a turn. */
  stretchMaxNs: number;
  /** Messages of others that were handled meanwhile. */
  othersServed: number;
}

/** What a broadcast did since it was made ready for a window. */
export interface BroadcastLog {
  /** Those that are over, in the order in which they came. */
  readonly publications: readonly PublicationRecord[];
  /** When members were given up because they did not read. */
  readonly givenUpNs: readonly number[];
  /** Most that waited for a member; 0 where nobody looked. */
  readonly queueMaxBytes: number;
}

export interface BroadcastBehaviour extends MeasuredBehaviour {
  log(): BroadcastLog;
}

/** What a connection says to become a member, and what it hears then. */
export const join = "join";
export const joined = "joined";

/** Of a window; beyond that they would only cost memory. */
const recordsMax = 20_000;
/** Messages that wait for those before them; whoever sends more is cut off. */
const waitingMax = 1000;

/**
 * What an application has to build for a room: who says `join` first is a member, and what a member sends goes to all
 * members, in one order for all. Whoever says something else first is a user of something else on the same server, and is
 * echoed.
 */
export function broadcastBehaviour(order: BroadcastOrder = {}): BroadcastBehaviour {
  const {
    toOthers = false,
    yieldsEvery = Number.POSITIVE_INFINITY,
    watchesQueues = false,
    forgetsLast = false,
  } = order;
  const members = new Set<ServerConnection>();
  const waiting: { readonly publisher: ServerConnection; readonly payload: Payload }[] = [];
  let current: PublicationRecord | undefined;
  let publications: PublicationRecord[] = [];
  let givenUpNs: number[] = [];
  let queueMaxBytes = 0;

  function publish(publisher: ServerConnection, payload: Payload): void {
    waiting.push({ publisher, payload });
    if (current === undefined) begin();
    else if (waiting.length > waitingMax) publisher.close();
  }

  function begin(): void {
    const startNs = nowNs();
    current = { startNs, endNs: startNs, stretchMaxNs: 0, othersServed: 0 };
    write(current, members.values(), forgetsLast ? [...members].at(-1) : undefined);
  }

  /** Up to where it yields, or to the end. */
  function write(
    record: PublicationRecord,
    rest: IterableIterator<ServerConnection>,
    deaf: ServerConnection | undefined,
  ): void {
    const { publisher, payload } = waiting[0]!;
    const startNs = nowNs();
    let written = 0;
    // An iterator of a set goes on where it was left.
    for (const member of rest) {
      if (member === deaf || (toOthers && member === publisher)) continue;
      if (watchesQueues) queueMaxBytes = Math.max(queueMaxBytes, member.queuedBytes ?? 0);
      member.send(payload);
      if (++written === yieldsEvery) break;
    }
    if (written > 0) {
      record.endNs = nowNs();
      // Behind whatever the writes have put off: ticks run before microtasks, both in the order in which they were queued.
      process.nextTick(queueMicrotask, () => {
        record.stretchMaxNs = Math.max(record.stretchMaxNs, nowNs() - startNs);
      });
    }
    if (written === yieldsEvery) {
      setImmediate(write, record, rest, deaf);
      return;
    }
    if (publications.length < recordsMax) publications.push(record);
    current = undefined;
    waiting.shift();
    if (waiting.length > 0) begin();
  }

  const counted = countedBehaviour((handled) => (connection) => {
    let isOther = false;
    return {
      message(payload) {
        handled();
        if (members.has(connection)) publish(connection, payload);
        else if (isOther || payload !== join) {
          isOther = true;
          if (current !== undefined) current.othersServed++;
          connection.send(payload);
        } else {
          members.add(connection);
          connection.send(joined);
        }
      },
      gaveUp: () => void givenUpNs.push(nowNs()),
      closed: () => void members.delete(connection),
    };
  });
  return Object.assign(counted, {
    prepare: (): Promise<void> => {
      publications = [];
      givenUpNs = [];
      queueMaxBytes = 0;
      return Promise.resolve();
    },
    log: (): BroadcastLog => ({ publications, givenUpNs, queueMaxBytes }),
  });
}
