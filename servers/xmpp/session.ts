/**
 * XMPP as a server sees it, to be read in this order:
 *
 * 1. The stream (RFC 6120 section 4): `transport` says what it must do, `tcp-stream`, `stream-header`, `stream-error` and
 *    `starttls` (section 5) do it on TCP; `websocket-stream` and the like elsewhere.
 * 2. Login (section 6): `negotiation`, `accounts`, `sasl`, `sasl-reply`, `scram`.
 * 3. Binding (section 7): `binding`, `connected-resource`, `resource`, `resources`; a session that outlives its connection
 *    (XEP-0198): `stream-management`, `stream-management-resumptions`.
 * 4. Routing (section 10, RFC 6121 section 8): `address`, `router`, `stanza-error`; requests: `iq`, `disco`.
 * 5. Roster and presence (RFC 6121 sections 2 to 4): `rosters`, `roster-requests`, `roster-push`, `subscriptions`, `presence`.
 * 6. Rooms (XEP-0045): `fan-out`, `room`, `rooms`.
 *
 * `host` puts them together, `bounds` says how much of everything there may be.
 */
import type { Element } from "@xmpp/xml";
import type { XmppHost } from "./host.ts";
import { type Bound, Negotiation } from "./negotiation.ts";
import { BoundResource } from "./resource.ts";
import type { Carrier, Resumable } from "./stream-management-resumptions.ts";
import type { XmppTransport } from "./transport.ts";

/** One client, from its first byte to the end, on any transport: it negotiates, then it is bound. */
export class XmppSession implements Carrier {
  readonly transport: XmppTransport;
  readonly #host: XmppHost;
  readonly #negotiation: Negotiation;
  #bound: Resumable | undefined;
  #hasEnded = false;

  constructor(host: XmppHost, transport: XmppTransport) {
    this.#host = host;
    this.transport = transport;
    this.#negotiation = new Negotiation(host, transport, {
      bound: (bound) => this.#bind(bound),
      resumed: (session, handled) => this.#resume(session, handled),
    });
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

  /** Asks the client, once it is bound, for a sign of life. */
  ping(): void {
    this.#bound?.ping();
  }

  /** The stream is over, for whatever reason but the death of its connection. Idempotent. */
  ended(): void {
    this.#over()?.ended();
  }

  /** The connection died before the stream had ended: its client may come back for the session. Idempotent. */
  connectionLost(): void {
    this.#over()?.connectionLost();
  }

  superseded(): void {
    this.#over();
    this.transport.fail("conflict", "the session was resumed on another stream");
  }

  /** Returns what it has carried until now. */
  #over(): Resumable | undefined {
    const bound = this.#bound;
    this.#bound = undefined;
    this.#hasEnded = true;
    this.#host.sessions.delete(this);
    return bound;
  }

  #bind(bound: Bound): void {
    const resource = new BoundResource(this.#host, this, bound);
    this.#bound = resource;
    this.transport.bound();
    this.transport.write(bound.reply(resource.jid));
    resource.open();
  }

  #resume(session: Resumable, handled: number): void {
    this.#bound = session;
    this.transport.bound();
    session.resume(handled, this);
  }
}
