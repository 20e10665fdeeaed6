import type { ServerConnection } from "../../protocol/contract.ts";
import type { WindowOrder } from "../flows/window.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** What a relay may be told to do wrong. */
export interface RelayOrder {
  /** In the window of this name it swallows one message of a user in so many. */
  readonly drop?: { readonly window: string; readonly every: number };
}

/** A name of a conversation is no longer. */
const nameLengthMax = 64;

interface Half {
  readonly connection: ServerConnection;
  partner: Half | undefined;
  handled: number;
}

/** What both hear once they are partners; what one sends before is nobody's. */
export const paired = "paired";

/**
 * What an application has to build so that two users of a connection to a server reach each other: the first message of
 * each names the conversation, two of one name are partners, and from then on what one sends goes to the other. One that
 * leaves takes its partner along.
 */
export function relayBehaviour({ drop }: RelayOrder = {}): MeasuredBehaviour {
  const waiting = new Map<string, Half>();
  let window: string | undefined;
  const isSwallowed = (half: Half): boolean =>
    drop?.window === window && drop !== undefined && ++half.handled % drop.every === 0;

  const counted = countedBehaviour((handled) => (connection) => {
    const own: Half = { connection, partner: undefined, handled: 0 };
    let name: string | undefined;

    function announce(conversation: string): void {
      name = conversation;
      const other = waiting.get(conversation);
      if (other === undefined) {
        waiting.set(conversation, own);
        return;
      }
      waiting.delete(conversation);
      own.partner = other;
      other.partner = own;
      for (const half of [other, own]) half.connection.send(paired);
    }

    return {
      message(payload) {
        handled();
        if (name === undefined) {
          if (typeof payload === "string" && payload.length <= nameLengthMax) announce(payload);
          else connection.close();
        } else if (own.partner !== undefined && !isSwallowed(own)) own.partner.connection.send(payload);
      },
      closed() {
        if (name !== undefined && waiting.get(name) === own) waiting.delete(name);
        const { partner } = own;
        own.partner = undefined;
        if (partner === undefined) return;
        partner.partner = undefined;
        partner.connection.close();
      },
    };
  });
  return Object.assign(counted, {
    prepare: (order: WindowOrder): Promise<void> => {
      window = order.name;
      return Promise.resolve();
    },
  });
}
