import type { ServerConnection } from "../../protocol/contract.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** Longer than a client needs to fill its queue, shorter than any deadline. */
const stallMs = 300;

/** A text message that starts with this is an order to the scripted server; everything else is echoed. */
export const scriptMark = "wirebench!";

/**
 * What the conformance suite talks to: an echo that also pushes, publishes and closes on demand, so that the suite
 * can see what an echo alone cannot show. Orders: `push N`, `subscribe`, `publish TEXT`, `close`, `connections`,
 * and `stall`, which stops the whole server for a moment, as a peer that does not read.
 */
export function scriptedBehaviour(): MeasuredBehaviour {
  const subscribers = new Set<ServerConnection>();
  let open = 0;

  function obey(connection: ServerConnection, order: string): void {
    const [verb, argument = ""] = order.split(/ (.*)/s);
    if (verb === "push") for (let i = 0; i < Number(argument); i++) connection.send(`push ${i}`);
    else if (verb === "subscribe") {
      subscribers.add(connection);
      connection.send("subscribed");
    } else if (verb === "publish") for (const subscriber of subscribers) subscriber.send(argument);
    else if (verb === "stall") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs);
    else if (verb === "close") connection.close();
    else if (verb === "connections") connection.send(String(open));
  }

  return countedBehaviour((handled) => (connection) => {
    open++;
    return {
      message(payload) {
        handled();
        if (typeof payload === "string" && payload.startsWith(scriptMark)) {
          obey(connection, payload.slice(scriptMark.length));
        } else connection.send(payload);
      },
      closed() {
        open--;
        subscribers.delete(connection);
      },
    };
  });
}
