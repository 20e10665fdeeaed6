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

/** User and system time of the server's own process by getrusage(2), at instants of a window. */
export interface CostLog {
  readonly atNs: number[];
  readonly cpuUs: number[];
}

export interface KnownCostBehaviour extends MeasuredBehaviour {
  /** Of the window begun last. */
  readonly log: CostLog;
}

/** The second thread burns more, so that a meter that forgets one of the two is wrong by much. */
const ownBurn = { burnMs: 2, everyMs: 18 } as const;
const workerBurn = { burnMs: 6, everyMs: 14 } as const;
const logMs = 10;
/** Both burn on for so long, since a meter may look late. */
const lateNs = 300e6;

/** Echoes, keeps so many bytes per connection, and burns CPU time on two threads while a window runs. */
export function knownCostBehaviour({ keptBytes }: KnownCost): KnownCostBehaviour {
  const kept = new Map<ServerConnection, Buffer>();
  const worker = new Worker(siblingModule("burning-worker", import.meta.url));
  worker.unref();
  let handledMessages = 0;
  let log: CostLog = { atNs: [], cpuUs: [] };

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
    begin({ endNs }: WindowOrder) {
      const own: CostLog = { atNs: [], cpuUs: [] };
      log = own;
      const until = endNs + lateNs;
      burn(ownBurn, until);
      worker.postMessage({ ...workerBurn, endNs: until });
      const timer = setInterval(() => {
        const { user, system } = process.cpuUsage();
        const atNs = nowNs();
        own.cpuUs.push(user + system);
        own.atNs.push(atNs);
        if (atNs > until) clearInterval(timer);
      }, logMs);
      return Promise.resolve();
    },
    halt() {},
    /** Once the log goes past the end of the window. */
    collect: () => new Promise((resolve) => setTimeout(() => resolve({}), lateNs / 1e6)),
  };
}
