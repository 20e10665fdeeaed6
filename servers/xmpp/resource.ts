import { type Element, xml } from "@xmpp/xml";
import type { Payload } from "../../protocol/contract.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";
import { messageElement, messagePayload, messageType } from "../../protocol/wires/xmpp-message.ts";
import { ServerLink } from "../connection/link.ts";
import type { Availability, ConnectedResource } from "./connected-resource.ts";
import type { XmppHost } from "./host.ts";
import { namespaces } from "./namespaces.ts";
import type { Bound } from "./negotiation.ts";
import { isOfStreamManagement, StreamManagement } from "./stream-management.ts";
import type { Carrier, Resumable } from "./stream-management-resumptions.ts";
import type { XmppTransport } from "./transport.ts";

/**
 * A client that has bound a resource: its stanzas go to the router, and what others send comes to its transport. With stream
 * management it can outlive its stream, and what is sent to it meanwhile waits.
 */
export class BoundResource implements ConnectedResource, Resumable {
  readonly jid: string;
  readonly bareJid: string;
  interested = false;
  availability: Availability | undefined;
  readonly directed = new Set<string>();
  readonly #host: XmppHost;
  readonly #management: StreamManagement;
  /** Undefined while no stream carries it. */
  #carrier: Carrier | undefined;
  #link: ServerLink | undefined;
  /** `closing`: the behaviour has ended it, so that it does not wait for another stream. */
  #state: "open" | "closing" | "ended" = "open";

  /** Routes to it from here on. Nothing is sent before `open`. */
  constructor(host: XmppHost, carrier: Carrier, { account, resource }: Bound) {
    this.#host = host;
    this.#carrier = carrier;
    this.#management = new StreamManagement(this, host.resumptions);
    this.bareJid = account;
    this.jid = `${account}/${resource}`;
    host.resources.add(this);
  }

  /** Calls the behaviour, which may send at once; the client must know its name by then. */
  open(): void {
    const { router, behaviour, limits, links } = this.#host;
    const from = router.domain;
    this.#link = new ServerLink(
      {
        transmit: (payload: Payload) =>
          this.deliver(messageElement({ from, to: this.jid, type: messageType }, payload)),
        queuedBytes: () => this.#queuedBytes(),
        isAwaited: () => this.#carrier?.transport.isAwaited?.(),
        end: () => this.#close(),
        endSlowConsumer: () => this.#giveUp(),
      },
      behaviour,
      limits,
      links,
    );
    if (this.#state === "ended") this.#link.ended();
  }

  /** Handles one child of the stream (RFC 6120 section 8). */
  element(element: Element): void {
    const transport = this.#carrier?.transport;
    if (transport === undefined) return;
    const { name } = element;
    if (isOfStreamManagement(element)) this.#management.element(element, transport);
    else if (name !== "message" && name !== "iq" && name !== "presence") {
      transport.fail("unsupported-stanza-type");
    } else if (element.getNS() !== namespaces.client) {
      transport.fail("invalid-namespace");
    } else {
      this.#management.handle();
      this.#host.router.route(this, element);
    }
  }

  /**
   * A stanza that stream management has no room to keep is not sent either: it could be lost unseen, which is what stream
   * management is there to prevent. So the session ends, and cannot be resumed.
   */
  deliver(stanza: Element): void {
    if (this.#state !== "open") return;
    if (!this.#management.keep(stanza)) {
      this.#link?.giveUp();
      return;
    }
    const transport = this.#carrier?.transport;
    if (transport === undefined) return;
    transport.write(stanza);
    this.#management.request(transport);
  }

  /** XEP-0199 section 4.1. No two are unanswered at a time, so that they need no names of their own. */
  ping(): void {
    const attributes = { type: "get", id: "ping", from: this.#host.router.domain, to: this.jid };
    this.deliver(xml("iq", attributes, xml("ping", { xmlns: namespaces.ping })));
  }

  receive(message: Element): void {
    const payload = messagePayload(message);
    if (payload === undefined) return;
    if (payloadBytes(payload) > this.#host.limits.payloadBytesMax) {
      this.#carrier?.transport.fail("policy-violation", "the payload is too large");
    } else this.#link?.receive(payload);
  }

  admits(handled: number, transport: XmppTransport): boolean {
    return this.#management.admits(handled, transport);
  }

  resume(handled: number, carrier: Carrier): void {
    const before = this.#carrier;
    this.#carrier = carrier;
    before?.superseded();
    this.#management.resume(handled, carrier.transport);
  }

  connectionLost(): void {
    if (this.#state === "open" && this.#management.wait()) this.#carrier = undefined;
    else this.ended();
  }

  /** It is over, for whatever reason: nothing is routed to it any more, and who knew of it hears so. Idempotent. */
  ended(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#carrier = undefined;
    this.#host.resources.remove(this);
    const undelivered = this.#management.ended();
    this.#link?.ended();
    // Not in this turn: a stream can end while a stanza is on its way to many, and others' with it.
    queueMicrotask(() => {
      this.#host.router.left(this);
      for (const stanza of undelivered) this.#host.router.returned(stanza);
    });
  }

  #queuedBytes(): number {
    return Math.max(this.#carrier?.transport.queuedBytes() ?? 0, this.#management.unacknowledgedBytes);
  }

  #close(): void {
    this.#state = "closing";
    if (this.#carrier === undefined) this.ended();
    else this.#carrier.transport.close();
  }

  #giveUp(): void {
    if (this.#carrier === undefined) this.ended();
    else this.#carrier.transport.failSlowConsumer();
  }
}
