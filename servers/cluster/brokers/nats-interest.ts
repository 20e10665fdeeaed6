/** Whether the other servers of a NATS cluster know what a client of one of them has subscribed to. */
import { setTimeout as wait } from "node:timers/promises";
import { createInbox, type NatsConnection } from "@nats-io/transport-node";
import { addressesOf } from "../broker/addresses.ts";
import type { SessionContext } from "../broker/session.ts";
import { natsConnection } from "./nats-client.ts";

const againMs = 5;

/**
 * A server answers as soon as it knows a subscription itself and tells the others meanwhile, in order. So a probe that
 * arrives from each of those that run says that all know what was subscribed to before: until then, what is published
 * there passes this node by without a word.
 */
export async function knownEverywhere(nats: NatsConnection, context: SessionContext): Promise<void> {
  const others = addressesOf(context.url, context.node).filter(({ host }) => host !== nats.getServer());
  const inbox = createInbox();
  const arrived = new Set<string>();
  const probes = nats.subscribe(inbox, { callback: (_, message) => void arrived.add(message.string()) });
  await Promise.all(
    others.map(async ({ host, href }) => {
      const there = await natsConnection({ ...context, url: href, lost() {} }).catch(() => undefined);
      // It does not run, so nobody publishes there; one that comes back is told everything by the others.
      if (there === undefined) return;
      try {
        while (!arrived.has(host) && !there.isClosed() && !context.signal.aborted) {
          there.publish(inbox, host);
          await wait(againMs);
        }
      } finally {
        await there.close();
      }
    }),
  );
  probes.unsubscribe();
}
