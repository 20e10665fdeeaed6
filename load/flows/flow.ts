/**
 * What is recorded of one direction of traffic in one window. Data only: it crosses process borders and is merged
 * by adding, never by averaging.
 */
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
  ledger: FlowLedger;
  /** Messages received between the planned start and end of the window, the base of the achieved rate. */
  receivedInWindow: number;
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

/** Adds up what several processes saw of the same flow. */
export function mergeFlows(records: readonly FlowRecord[]): FlowRecord {
  const ledger = emptyLedger();
  for (const record of records) {
    for (const key of Object.keys(ledger) as (keyof FlowLedger)[]) ledger[key] += record.ledger[key];
  }
  const merged: FlowRecord = {
    ledger,
    receivedInWindow: records.reduce((sum, record) => sum + record.receivedInWindow, 0),
  };
  for (const name of ["dispatch", "service", "scheduled", "earlyService"] as const) {
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
