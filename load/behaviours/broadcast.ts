import type { ServerConnection } from "../../protocol/contract.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** What a broadcast may be told to do wrong. */
export interface BroadcastOrder {
  /** The last member to come in hears nothing. */
  readonly forgetsLast?: boolean;
}

/** What a new member hears. */
export const joined = "joined";

/**
 * What an application has to build for a room: the first message of a connection makes it a member, and what a member
 * sends goes to all members, itself included, in one order for all.
 */
export function broadcastBehaviour({ forgetsLast = false }: BroadcastOrder = {}): MeasuredBehaviour {
  const members = new Set<ServerConnection>();

  return countedBehaviour((handled) => (connection) => ({
    message(payload) {
      handled();
      if (!members.has(connection)) {
        members.add(connection);
        connection.send(joined);
        return;
      }
      const deaf = forgetsLast ? [...members].at(-1) : undefined;
      for (const member of members) if (member !== deaf) member.send(payload);
    },
    closed: () => void members.delete(connection),
  }));
}
