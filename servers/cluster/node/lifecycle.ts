import { setTimeout as wait } from "node:timers/promises";
import type { Limits } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { ChannelCounts } from "./channel.ts";
import type { ChannelUser } from "./channel-user.ts";
import type { Custody } from "./custody.ts";
import { bound, listenReadiness } from "./readiness.ts";
import type { SessionStore } from "./sessions.ts";

/** What every node is told, whatever software it is. */
export interface NodeOptions {
  /** Unique in the cluster. */
  readonly node: string;
  readonly limits: Limits;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly readyPort: number;
  /** The node closes it in the end, also when it does not start. */
  readonly sessions: SessionStore;
}

/** A node's users, and what it knows of them. */
export interface NodeChannel {
  readonly counts: ChannelCounts;
  readonly brokerLive: boolean;
  readonly custody: Custody;
  /** Everybody with a connection, those who came first in front. */
  readonly users: Iterable<ChannelUser>;
}

export interface ClusterNode {
  /** Where users connect. */
  readonly url: string;
  /** Answers 200 only while the broker's subscription is live and readiness was not withdrawn. */
  readonly readyUrl: string;
  readonly counts: ChannelCounts & { readonly brokerLive: boolean };
  readonly custody: Pick<Custody, "answer">;
  /** Withdraws readiness, or lets it be as it should. */
  setReady(ready: boolean): void;
  /**
   * Tells so many users per second to move and closes their connections (`restart`), those who come meanwhile
   * included; resolves when none is left. Rejects with `usage` for a rate that is none.
   */
  drain(perSecond: number): Promise<void>;
  /** Drops every connection; resolves when nothing is left open. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** Closed in the end. */
export interface Closable {
  close(): Promise<void>;
}

const drainTickMs = 10;

/**
 * What is the same for every node: the endpoint of the health checks, a drain, and an end in which nothing is left open.
 * `open` resolves with the node that works, and hands what it opened to `opened` as it goes: that is closed again if not.
 */
export async function startNode(
  { node, limits, host, readyPort, sessions }: NodeOptions,
  brokerName: string,
  open: (opened: (resource: Closable) => void) => Promise<{ channel: NodeChannel; url: string }>,
): Promise<ClusterNode> {
  let channel: NodeChannel | undefined;
  let withdrawn = false;
  let closed: Promise<void> | undefined;
  const resources: Closable[] = [sessions];

  /** In reverse, so that users hear of the end before what they stand on goes. */
  async function closeAll(): Promise<void> {
    for (const resource of resources.splice(0).reverse()) await resource.close();
  }

  function unready(): string | undefined {
    if (withdrawn) return "readiness was withdrawn";
    if (channel === undefined) return `connecting to the broker (${brokerName})`;
    return channel.brokerLive ? undefined : `the broker's subscription is not live (${brokerName})`;
  }

  try {
    const readiness = await bound(
      `the readiness endpoint of ${node}`,
      host,
      readyPort,
      listenReadiness({ host, port: readyPort, limits, unready }),
    );
    resources.push(readiness);
    const started = await open((resource) => resources.push(resource));
    channel = started.channel;
    return running(channel, started.url, readiness.url);
  } catch (error) {
    await closeAll();
    throw error;
  }

  function running(channel: NodeChannel, url: string, readyUrl: string): ClusterNode {
    return {
      url,
      readyUrl,
      get counts() {
        return { ...channel.counts, brokerLive: channel.brokerLive };
      },
      custody: channel.custody,
      setReady(ready) {
        withdrawn = !ready;
      },
      async drain(perSecond) {
        if (!(perSecond > 0)) throw new WirebenchError("usage", `expected users per second, got ${perSecond}`);
        const startMs = performance.now();
        const told = new WeakSet<object>();
        let moved = 0;
        while (closed === undefined && channel.counts.users > 0) {
          const due = Math.floor(((performance.now() - startMs) * perSecond) / 1000) + 1;
          for (const user of channel.users) {
            if (moved >= due) break;
            if (told.has(user)) continue;
            told.add(user);
            moved += 1;
            user.move();
          }
          await wait(drainTickMs);
        }
      },
      close() {
        closed ??= closeAll();
        return closed;
      },
    };
  }
}
