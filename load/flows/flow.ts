/**
 * What is recorded of one direction of traffic in one window. Data only: it crosses process borders and is merged
 * by adding, never by averaging.
 */
import { type AgeRecord, sumAges } from "../recording/age.ts";
import { LatencyHistogram } from "../recording/latency.ts";
import type { FlowLedger } from "./traffic.ts";

/** The part of a flow that one process saw. Histograms are HdrHistogram V2 base64, nanoseconds. */
export interface FlowRecord {
  /** sent - scheduled; open loop only. */
  dispatch?: string;
  /** received - sent. */
  service?: string;
  /** received - scheduled; open loop only. */
  scheduled?: string;
  /** The part of `service` scheduled in the first half of the window, to see a drift by. */
  earlyService?: string;
  /** The parts of `service` of messages that found a request of their receiver waiting, and of those that did not. */
  awaited?: string;
  unawaited?: string;
  /** Of what the receivers of a one-way flow have. */
  age?: AgeRecord;
  ledger: FlowLedger;
  /** Sent with their schedule in the measured part; what of them never came is infinitely late. */
  timedMessages: number;
  /** Received between the planned start and end of the window, whenever they were sent: against the schedule, a backlog shows. */
  receivedInWindow: number;
  /**
   * What the window carried, the base of the achieved rate. Open loop: messages scheduled in it that came before the drain
   * was over, however far away the server is. Closed loop: every message counts by the share of its way that lies within
   * the window, so that a window cuts no way short.
   */
  carriedMessages: number;
}

export const emptyLedger = (): FlowLedger => ({
  sentMessages: 0,
  receivedMessages: 0,
  lostMessages: 0,
  duplicatedMessages: 0,
  reorderedMessages: 0,
  censoredMessages: 0,
  corruptedMessages: 0,
});

/** What was sent and neither came, as it was or with other bytes, nor is known to be lost: still on the way. */
export const censoredIn = ({ sentMessages, receivedMessages, lostMessages, corruptedMessages }: FlowLedger): number =>
  Math.max(0, sentMessages - receivedMessages - lostMessages - corruptedMessages);

/** Adds up what several processes saw of the same flow. */
export function mergeFlows(records: readonly FlowRecord[]): FlowRecord {
  const ledger = emptyLedger();
  for (const record of records) {
    for (const key of Object.keys(ledger) as (keyof FlowLedger)[]) ledger[key] += record.ledger[key];
  }
  const merged: FlowRecord = {
    ledger,
    timedMessages: records.reduce((sum, record) => sum + record.timedMessages, 0),
    receivedInWindow: records.reduce((sum, record) => sum + record.receivedInWindow, 0),
    carriedMessages: records.reduce((sum, record) => sum + record.carriedMessages, 0),
  };
  const ages = records.flatMap((record) => record.age ?? []);
  if (ages.length > 0) merged.age = sumAges(ages);
  for (const name of ["dispatch", "service", "scheduled", "earlyService", "awaited", "unawaited"] as const) {
    const encoded = records.flatMap((record) => record[name] ?? []);
    if (encoded.length > 0) merged[name] = mergeHistograms(encoded);
  }
  return merged;
}

function mergeHistograms(encoded: readonly string[]): string {
  if (encoded.length === 1) return encoded[0]!;
  const sum = new LatencyHistogram();
  for (const text of encoded) sum.add(LatencyHistogram.decode(text));
  return sum.encode();
}
