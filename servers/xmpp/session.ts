import { type Element, xml } from "@xmpp/xml";
import type { Behaviour, Limits, Payload } from "../../protocol/contract.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";
import { messageElement, messagePayload, messageType } from "../../protocol/wires/xmpp-message.ts";
import { ServerLink } from "../connection/link.ts";
import type { Account } from "./account.ts";
import { asksToBind, bindResource } from "./binding.ts";
import { namespaces } from "./namespaces.ts";
import type { Recipient, Router } from "./router.ts";
import { decodeSasl, type SaslExchange, type SaslReply, saslExchange, saslFailure, saslMechanisms } from "./sasl.ts";
import type { StreamCondition } from "./stream-error.ts";

/** What all sessions of one server share. */
export interface XmppHost {
  readonly account: Account;
  readonly router: Router;
  readonly behaviour: Behaviour;
  readonly limits: Limits;
  readonly links: Set<ServerLink>;
  /** Every client that has connected and whose end is not seen yet, logged in or not. */
  readonly sessions: Set<XmppSession>;
}

/** What carries a session's elements: the only part that differs between TCP, WebSocket (RFC 7395) and BOSH. */
export interface XmppTransport {
  /** Ignored once the stream is closing. */
  write(element: Element): void;
  queuedBytes(): number;
  /** The client has logged in and opens its stream again (RFC 6120 section 6.4.6). */
  authenticated(): void;
  /** The client has a resource; from here on it may take its time. */
  bound(): void;
  /** Ends the stream with an error (RFC 6120 section 4.9). */
  fail(condition: StreamCondition, text?: string): void;
  failSlowConsumer(): void;
  /** Ends the stream in order (RFC 6120 section 4.4). */
  close(): void;
}

/** RFC 6120 section 6.4.5: between two and five, then the stream is closed. */
const loginAttemptsMax = 3;

/** One client, from login to the end, on any transport. */
export class XmppSession implements Recipient {
  jid = "";
  readonly #host: XmppHost;
  readonly #transport: XmppTransport;
  #state: "authenticating" | "binding" | "bound" | "ended" = "authenticating";
  #exchange: SaslExchange | undefined;
  #failedLogins = 0;
  #link: ServerLink | undefined;

  constructor(host: XmppHost, transport: XmppTransport) {
    this.#host = host;
    this.#transport = transport;
    host.sessions.add(this);
  }

  /** What the client may negotiate now (RFC 6120 section 4.3.2). */
  features(): Element {
    if (this.#state === "authenticating") {
      const mechanisms = saslMechanisms.map((mechanism) => xml("mechanism", {}, mechanism));
      return xml("stream:features", {}, xml("mechanisms", { xmlns: namespaces.sasl }, ...mechanisms));
    }
    return xml(
      "stream:features",
      {},
      xml("bind", { xmlns: namespaces.bind }),
      xml("session", { xmlns: namespaces.session }, xml("optional")),
    );
  }

  /** Handles one child of the stream. */
  element(element: Element): void {
    if (this.#state === "bound") this.#stanza(element);
    else if (this.#state === "binding") this.#bind(element);
    else if (this.#state === "authenticating") this.#authenticate(element);
  }

  deliver(stanza: Element): void {
    stanza.attrs.to = this.jid;
    this.#transport.write(stanza);
  }

  receive(message: Element): void {
    const payload = messagePayload(message);
    if (payload === undefined) return;
    if (payloadBytes(payload) > this.#host.limits.payloadBytesMax) {
      this.#transport.fail("policy-violation", "the payload is too large");
    } else this.#link?.receive(payload);
  }

  /** The stream is over, for whatever reason. Idempotent. */
  ended(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#host.sessions.delete(this);
    this.#host.router.remove(this);
    this.#link?.ended();
  }

  #authenticate(element: Element): void {
    if (element.getNS() !== namespaces.sasl) {
      this.#transport.fail("not-authorized");
      return;
    }
    const reply = this.#saslReply(element);
    if (reply.kind === "failure") {
      this.#exchange = undefined;
      this.#transport.write(xml("failure", { xmlns: namespaces.sasl }, xml(reply.condition)));
      if (++this.#failedLogins >= loginAttemptsMax) this.#transport.fail("policy-violation", "too many failed logins");
      return;
    }
    const encoded = reply.data === undefined ? undefined : Buffer.from(reply.data).toString("base64");
    this.#transport.write(xml(reply.kind, { xmlns: namespaces.sasl }, encoded));
    if (reply.kind === "challenge") return;
    this.#state = "binding";
    this.#transport.authenticated();
  }

  #saslReply(element: Element): SaslReply {
    const isNew = element.name === "auth";
    const text = element.getText();
    if (isNew) {
      this.#exchange = saslExchange(element.attrs.mechanism, this.#host.account, this.#host.router.domain);
      if (this.#exchange === undefined) return saslFailure("invalid-mechanism");
      // No initial response: the client waits for an empty challenge first (RFC 6120 section 6.4.2).
      if (text === "") return { kind: "challenge", data: "" };
    }
    if (element.name === "abort") return saslFailure("aborted");
    const data = decodeSasl(text);
    if (data === undefined) return saslFailure("incorrect-encoding");
    return this.#exchange?.(data) ?? saslFailure("malformed-request");
  }

  #bind(element: Element): void {
    if (!asksToBind(element)) {
      this.#transport.fail("not-authorized", "bind a resource first");
      return;
    }
    const { account, router, behaviour, limits, links } = this.#host;
    const fullJid = (resource: string): string => `${account.name}@${router.domain}/${resource}`;
    const binding = bindResource(element, (resource) => router.has(fullJid(resource)));
    if ("refusal" in binding) {
      if (binding.refusal !== undefined) this.#transport.write(binding.refusal);
      return;
    }
    this.jid = fullJid(binding.resource);
    this.#state = "bound";
    router.add(this);
    this.#transport.bound();
    this.#transport.write(binding.reply(this.jid));
    // Last, since the behaviour may send at once and the client must know its name by then.
    const { domain } = router;
    const transport = this.#transport;
    this.#link = new ServerLink(
      {
        transmit: (payload: Payload) =>
          transport.write(messageElement({ from: domain, to: this.jid, type: messageType }, payload)),
        queuedBytes: () => transport.queuedBytes(),
        end: () => transport.close(),
        endSlowConsumer: () => transport.failSlowConsumer(),
      },
      behaviour,
      limits,
      links,
    );
  }

  #stanza(element: Element): void {
    const { name } = element;
    if (name !== "message" && name !== "iq" && name !== "presence") {
      this.#transport.fail("unsupported-stanza-type");
    } else if (element.getNS() !== namespaces.client) {
      this.#transport.fail("invalid-namespace");
    } else {
      this.#host.router.route(this, element);
    }
  }
}
