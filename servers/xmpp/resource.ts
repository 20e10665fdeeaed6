import type { Element } from "@xmpp/xml";
import type { Payload } from "../../protocol/contract.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";
import { messageElement, messagePayload, messageType } from "../../protocol/wires/xmpp-message.ts";
import { ServerLink } from "../connection/link.ts";
import type { Availability, ConnectedResource } from "./connected-resource.ts";
import type { XmppHost } from "./host.ts";
import { namespaces } from "./namespaces.ts";
import type { Bound } from "./negotiation.ts";
import type { XmppTransport } from "./transport.ts";

/** A client that has bound a resource: its stanzas go to the router, and what others send comes to its transport. */
export class BoundResource implements ConnectedResource {
  readonly jid: string;
  readonly bareJid: string;
  interested = false;
  availability: Availability | undefined;
  readonly directed = new Set<string>();
  readonly #host: XmppHost;
  readonly #transport: XmppTransport;
  #link: ServerLink | undefined;
  #hasEnded = false;

  /** Routes to it from here on. Nothing is sent before `open`. */
  constructor(host: XmppHost, transport: XmppTransport, { account, resource }: Bound) {
    this.#host = host;
    this.#transport = transport;
    this.bareJid = account;
    this.jid = `${account}/${resource}`;
    host.resources.add(this);
  }

  /** Calls the behaviour, which may send at once; the client must know its name by then. */
  open(): void {
    const { router, behaviour, limits, links } = this.#host;
    const from = router.domain;
    const transport = this.#transport;
    this.#link = new ServerLink(
      {
        transmit: (payload: Payload) =>
          transport.write(messageElement({ from, to: this.jid, type: messageType }, payload)),
        queuedBytes: () => transport.queuedBytes(),
        end: () => transport.close(),
        endSlowConsumer: () => transport.failSlowConsumer(),
      },
      behaviour,
      limits,
      links,
    );
    if (this.#hasEnded) this.#link.ended();
  }

  /** Handles one child of the stream (RFC 6120 section 8). */
  element(element: Element): void {
    const { name } = element;
    if (name !== "message" && name !== "iq" && name !== "presence") {
      this.#transport.fail("unsupported-stanza-type");
    } else if (element.getNS() !== namespaces.client) {
      this.#transport.fail("invalid-namespace");
    } else {
      this.#host.router.route(this, element);
    }
  }

  deliver(stanza: Element): void {
    this.#transport.write(stanza);
  }

  receive(message: Element): void {
    const payload = messagePayload(message);
    if (payload === undefined) return;
    if (payloadBytes(payload) > this.#host.limits.payloadBytesMax) {
      this.#transport.fail("policy-violation", "the payload is too large");
    } else this.#link?.receive(payload);
  }

  /** The stream is over, for whatever reason: nothing is routed to it any more, and who knew of it hears so. Idempotent. */
  ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#host.resources.remove(this);
    this.#link?.ended();
    // Not in this turn: a stream can end while a stanza is on its way to many, and others' with it.
    queueMicrotask(() => this.#host.router.left(this));
  }
}
