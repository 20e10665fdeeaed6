/**
 * XMPP as a server sees it, to be read in this order:
 *
 * 1. The stream (RFC 6120 section 4): `tcp-stream`, `stream-header`, `stream-error`; on other transports what has its name.
 * 2. Login (section 6): `negotiation`, `accounts`, `sasl`, `scram`.
 * 3. Binding (section 7): `binding`, `resource`, `resources`.
 * 4. Routing (section 10, RFC 6121 section 8): `router`, `address`, `stanza-error`; requests: `iq`, `disco`.
 * 5. Roster and presence (RFC 6121 sections 2 to 4): `rosters`, `roster-requests`, `subscriptions`, `presence`.
 * 6. Rooms (XEP-0045): `rooms`, `room`, on `fan-out`.
 *
 * `host` puts them together, `bounds` says how much of everything there may be.
 */
import type { Element } from "@xmpp/xml";
import type { XmppHost } from "./host.ts";
import { type Bound, Negotiation } from "./negotiation.ts";
import { BoundResource } from "./resource.ts";
import type { XmppTransport } from "./transport.ts";

/** One client, from its first byte to the end, on any transport: it negotiates, then it is bound. */
export class XmppSession {
  readonly #host: XmppHost;
  readonly #transport: XmppTransport;
  readonly #negotiation: Negotiation;
  #bound: BoundResource | undefined;
  #hasEnded = false;

  constructor(host: XmppHost, transport: XmppTransport) {
    this.#host = host;
    this.#transport = transport;
    this.#negotiation = new Negotiation(host, transport, (bound) => this.#bind(bound));
    host.sessions.add(this);
  }

  /** What the client may negotiate now (RFC 6120 section 4.3.2). */
  features(): Element {
    return this.#negotiation.features();
  }

  /** Handles one child of the stream. */
  element(element: Element): void {
    if (this.#hasEnded) return;
    if (this.#bound === undefined) this.#negotiation.element(element);
    else this.#bound.element(element);
  }

  /** The stream is over, for whatever reason. Idempotent. */
  ended(): void {
    this.#hasEnded = true;
    this.#host.sessions.delete(this);
    this.#bound?.ended();
  }

  #bind(bound: Bound): void {
    const resource = new BoundResource(this.#host, this.#transport, bound);
    this.#bound = resource;
    this.#transport.bound();
    this.#transport.write(bound.reply(resource.jid));
    resource.open();
  }
}
