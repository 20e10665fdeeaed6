import { type Element, xml } from "@xmpp/xml";
import { parseCount } from "../../protocol/wires/stream-management.ts";
import { asksToBind, bindResource } from "./binding.ts";
import type { XmppHost } from "./host.ts";
import { namespaces } from "./namespaces.ts";
import { decodeSasl, type SaslPolicy, saslExchange, saslMechanisms } from "./sasl.ts";
import { type SaslExchange, type SaslReply, saslFailure } from "./sasl-reply.ts";
import { failed, isOfStreamManagement, streamManagementFeature } from "./stream-management.ts";
import type { Resumable } from "./stream-management-resumptions.ts";
import type { XmppTransport } from "./transport.ts";

/** RFC 6120 section 6.4.5: between two and five, then the stream is closed. */
const loginAttemptsMax = 3;

/** What a client has negotiated: the account it may act for and the resource it is. */
export interface Bound {
  /** Bare JID. */
  readonly account: string;
  readonly resource: string;
  /** Tells the client, who does nothing before. */
  readonly reply: (jid: string) => Element;
}

/** How a negotiation ends well. Called once. */
export interface Negotiated {
  bound(bound: Bound): void;
  /** The client goes on with a session it had, of whose stanzas it has handled so many. */
  resumed(session: Resumable, handled: number): void;
}

/**
 * What a client does on a stream before it may send stanzas (RFC 6120 section 4.3): it logs in (section 6), opens its
 * stream again, and binds a resource (section 7) or resumes a session (XEP-0198 section 5). Anything else is not authorized
 * (section 4.9.3.12).
 */
export class Negotiation {
  readonly #host: XmppHost;
  readonly #transport: XmppTransport;
  readonly #negotiated: Negotiated;
  #exchange: SaslExchange | undefined;
  #failedLogins = 0;
  /** Bare JID, once logged in. */
  #account: string | undefined;

  constructor(host: XmppHost, transport: XmppTransport, negotiated: Negotiated) {
    this.#host = host;
    this.#transport = transport;
    this.#negotiated = negotiated;
  }

  /** What the client may negotiate now (RFC 6120 section 4.3.2). */
  features(): Element {
    if (this.#account === undefined) {
      const mechanisms = saslMechanisms(this.#policy()).map((mechanism) => xml("mechanism", {}, mechanism));
      return xml("stream:features", {}, xml("mechanisms", { xmlns: namespaces.sasl }, ...mechanisms));
    }
    return xml(
      "stream:features",
      {},
      xml("bind", { xmlns: namespaces.bind }),
      ...(this.#transport.recovers ? [] : [streamManagementFeature()]),
      xml("session", { xmlns: namespaces.session }, xml("optional")),
    );
  }

  /** Handles one child of the stream. */
  element(element: Element): void {
    if (this.#account !== undefined && isOfStreamManagement(element)) this.#resume(element, this.#account);
    else if (this.#account !== undefined) this.#bind(element, this.#account);
    else if (element.getNS() === namespaces.sasl) this.#authenticate(element);
    else this.#transport.fail("not-authorized");
  }

  #policy(): SaslPolicy {
    const { accounts, router, plainWithoutTls } = this.#host;
    return { accounts, domain: router.domain, plain: this.#transport.encrypted || plainWithoutTls };
  }

  #authenticate(element: Element): void {
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
    this.#account = `${reply.account}@${this.#host.router.domain}`;
    this.#transport.authenticated();
  }

  #saslReply(element: Element): SaslReply {
    if (element.name === "abort") return saslFailure("aborted");
    const text = element.getText();
    if (element.name === "auth") {
      // One at a time, to be counted: whoever wants another way aborts this one.
      if (this.#exchange !== undefined) return saslFailure("malformed-request");
      const exchange = saslExchange(element.attrs.mechanism, this.#policy());
      if (typeof exchange !== "function") return exchange;
      this.#exchange = exchange;
      // No initial response: the client waits for an empty challenge first (RFC 6120 section 6.4.2).
      if (text === "") return { kind: "challenge", data: "" };
    }
    const data = decodeSasl(text);
    if (data === undefined) return saslFailure("incorrect-encoding");
    return this.#exchange?.(data) ?? saslFailure("malformed-request");
  }

  #bind(element: Element, account: string): void {
    if (!asksToBind(element)) {
      this.#transport.fail("not-authorized", "bind a resource first");
      return;
    }
    const { resources, bounds } = this.#host;
    const binding = bindResource(element, {
      isTaken: (resource) => resources.get(`${account}/${resource}`) !== undefined,
      isFull: resources.count(account) >= bounds.resourcesPerAccountMax,
    });
    if ("refusal" in binding) {
      if (binding.refusal !== undefined) this.#transport.write(binding.refusal);
    } else this.#negotiated.bound({ account, ...binding });
  }

  /** After a refusal the client may bind a resource instead. */
  #resume({ name, attrs: { previd, h } }: Element, account: string): void {
    const { resumptions } = this.#host;
    const handled = parseCount(h);
    if (this.#transport.recovers) {
      this.#transport.write(failed("feature-not-implemented"));
      return;
    }
    if (name !== "resume") {
      this.#transport.write(failed("unexpected-request"));
      return;
    }
    if (previd === undefined || handled === undefined) {
      this.#transport.write(failed("bad-request"));
      return;
    }
    const session = resumptions.find(previd, account);
    if (session === undefined) {
      this.#transport.write(failed("item-not-found", resumptions.handledBefore(previd, account)));
    } else if (session.admits(handled, this.#transport)) this.#negotiated.resumed(session, handled);
  }
}
