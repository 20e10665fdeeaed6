import { nowNs } from "../../protocol/clock.ts";
import type { ServerConnection } from "../../protocol/contract.ts";
import { realTimeline, wakeMetronome } from "../pacing/metronome.ts";
import { pace } from "../pacing/pacer.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** What is published, and what is done for those who come back. */
export interface UpdatesOrder {
  readonly ratePerSecond: number;
  /** Updates kept for those who name the last one they had; 0: nothing is. */
  readonly history: number;
  /** A user says `after N` first, or `after ` when it comes for the first time: what an application does where no protocol does. */
  readonly asksWhere?: boolean;
}

/** From one update to another, both included. */
export type UpdateRange = [first: number, last: number];

/** What the publisher did. */
export interface UpdateLog {
  /** When each update was handed to those who were connected; the first is number 1. */
  readonly publishedNs: number[];
  /** What each connection was given by `send` without being closed, by its number from 1. */
  readonly handed: UpdateRange[][];
}

/** A new subscriber hears its number and the last update there was, `hello C N`; an update is its number and a filler. */
export const updateWords = { hello: "hello ", after: "after " } as const;

export interface UpdatesBehaviour extends MeasuredBehaviour {
  readonly log: UpdateLog;
}

/**
 * Publishes numbered updates to everybody at a fixed rate, from `send` until `halt`. What an application has to build to
 * lose none of them is in here: numbers, a bounded history, and the step from it to what comes next. It begins where the
 * protocol says that its user was, or where a first message does.
 */
export function updatesBehaviour(payloadBytes: number, order: UpdatesOrder): UpdatesBehaviour {
  wakeMetronome();
  const log: UpdateLog = { publishedNs: [], handed: [] };
  const subscribers = new Map<ServerConnection, UpdateRange[]>();
  let stop: (() => void) | undefined;
  let stopped: (() => void) | undefined;

  function hand(connection: ServerConnection, ranges: UpdateRange[], update: number): void {
    connection.send(`${update} `.padEnd(payloadBytes, "x"), String(update));
    const last = ranges.at(-1);
    if (last?.[1] === update - 1) last[1] = update;
    else ranges.push([update, update]);
  }

  /** From after an update on, or from now on where nothing is said of it or it is no number. */
  function subscribe(connection: ServerConnection, after: string | undefined): void {
    const ranges: UpdateRange[] = [];
    const number = log.handed.push(ranges);
    const latest = log.publishedNs.length;
    const had = after !== undefined && /^\d{1,15}$/.test(after) ? Number(after) : latest;
    // Whoever is cut off before an update comes still has those until then.
    connection.send(`${updateWords.hello}${number} ${latest}`, String(had));
    for (let update = Math.max(had, latest - order.history) + 1; update <= latest; update++) {
      hand(connection, ranges, update);
    }
    subscribers.set(connection, ranges);
  }

  const counted = countedBehaviour((handled) => (connection) => {
    if (order.asksWhere !== true) subscribe(connection, connection.resumesFrom);
    return {
      message(payload) {
        handled();
        const text = String(payload);
        if (order.asksWhere === true && !subscribers.has(connection) && text.startsWith(updateWords.after)) {
          subscribe(connection, text.slice(updateWords.after.length));
        } else connection.close();
      },
      closed: () => void subscribers.delete(connection),
    };
  });

  return Object.assign(counted, {
    log,
    send: () =>
      new Promise<void>((resolve) => {
        stopped = resolve;
        const schedule = {
          startNs: nowNs(),
          endNs: Number.MAX_SAFE_INTEGER,
          ratePerSecond: order.ratePerSecond,
          arrivals: "constant",
          seed: 0,
        } as const;
        const publish = (): void => {
          const update = log.publishedNs.push(nowNs());
          for (const [connection, ranges] of subscribers) hand(connection, ranges, update);
        };
        stop = pace(realTimeline, schedule, publish, resolve);
      }),
    halt() {
      stop?.();
      stopped?.();
    },
  });
}
