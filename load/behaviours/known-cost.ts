import { Worker } from "node:worker_threads";
import { nowNs } from "../../protocol/clock.ts";
import type { ServerConnection } from "../../protocol/contract.ts";
import { siblingModule } from "../../protocol/sibling-module.ts";
import type { WindowOrder } from "../flows/window.ts";
import { burn } from "./burning.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

export interface KnownCost {
  /** Kept in memory, and touched, for each open connection. */
  readonly keptBytes: number;
}

/** User and system time of the server's own process by getrusage(2), at instants of the host's monotonic clock. */
export interface CostLog {
  readonly atNs: number[];
  readonly cpuUs: number[];
}

export interface KnownCostBehaviour extends MeasuredBehaviour {
  /** Since the server began. */
  readonly log: CostLog;
}

/** The second thread burns far more, so that a meter that forgets it is wrong by much even where it gets half a core. */
const ownBurn = { burnMs: 1, everyMs: 19 } as const;
const workerBurn = { burnMs: 10, everyMs: 1 } as const;
const logMs = 10;
/** Both burn on for so long, since a meter may look late. */
const lateNs = 300e6;

/** Echoes, keeps so many bytes per connection, and burns CPU time on two threads while a window runs. */
export function knownCostBehaviour({ keptBytes }: KnownCost): KnownCostBehaviour {
  const kept = new Map<ServerConnection, Buffer>();
  const worker = new Worker(siblingModule("burning-worker", import.meta.url));
  worker.unref();
  let handledMessages = 0;
  let untilNs = 0;
  const log: CostLog = { atNs: [], cpuUs: [] };
  const note = (): void => {
    const { user, system } = process.cpuUsage();
    log.atNs.push(nowNs());
    log.cpuUs.push(user + system);
  };
  note();
  setInterval(note, logMs).unref();

  return {
    behaviour(connection) {
      kept.set(connection, Buffer.alloc(keptBytes, 1));
      return {
        message(payload) {
          handledMessages++;
          connection.send(payload);
        },
        closed: () => void kept.delete(connection),
      };
    },
    get handledMessages() {
      return handledMessages;
    },
    get log() {
      return log;
    },
    prepare({ endNs }: WindowOrder) {
      untilNs = endNs + lateNs;
      return Promise.resolve();
    },
    send() {
      burn(ownBurn, untilNs);
      worker.postMessage({ ...workerBurn, endNs: untilNs });
      return Promise.resolve();
    },
    halt() {},
    collect() {
      note();
      return Promise.resolve({});
    },
  };
}
