import { type Element, xml } from "@xmpp/xml";
import { parseCount, type StanzaLedger } from "../../protocol/wires/stream-management.ts";
import { namespaces } from "./namespaces.ts";
import type { StanzaCondition } from "./stanza-error.ts";
import type { Resumable, Resumptions } from "./stream-management-resumptions.ts";
import type { XmppTransport } from "./transport.ts";

const xmlns = namespaces.streamManagement;

/** The stream feature (XEP-0198 section 3). */
export const streamManagementFeature = (): Element => xml("sm", { xmlns });

/** Whether an element is stream management's own, which is neither counted nor acknowledged. */
export const isOfStreamManagement = (element: Element): boolean => element.getNS() === xmlns;

/** A refusal to enable or to resume, with the count of what was handled where that is still known (sections 5 and 7). */
export const failed = (condition: StanzaCondition, handled?: number): Element => {
  const reason = xml(condition, { xmlns: namespaces.stanzaErrors });
  return handled === undefined ? xml("failed", { xmlns }, reason) : xml("failed", { xmlns, h: `${handled}` }, reason);
};

/**
 * Stream management of one session (XEP-0198), off until the client enables it: each side counts the stanzas it has handled
 * and keeps those the other has not acknowledged. If the client asks for that too, the session outlives its connection.
 */
export class StreamManagement {
  readonly #session: Resumable;
  readonly #resumptions: Resumptions;
  #ledger: StanzaLedger | undefined;
  /** Set if the session can be resumed. */
  #id: string | undefined;

  constructor(session: Resumable, resumptions: Resumptions) {
    this.#session = session;
    this.#resumptions = resumptions;
  }

  /** Handles an element of stream management's own. */
  element(element: Element, transport: XmppTransport): void {
    const { name } = element;
    if (transport.recovers) transport.write(failed("feature-not-implemented"));
    else if (name === "enable" && this.#ledger === undefined) transport.write(this.#enable(element));
    else if (name === "enable" || name === "resume") transport.write(failed("unexpected-request"));
    else if (this.#ledger === undefined) transport.fail("unsupported-stanza-type");
    else if (name === "r") transport.write(xml("a", { xmlns, h: `${this.#ledger.handled}` }));
    else if (name === "a") this.#acknowledged(element, this.#ledger, transport);
    else transport.fail("unsupported-stanza-type");
  }

  /** The server takes charge of a stanza of the client. */
  handle(): void {
    this.#ledger?.handle();
  }

  /** Keeps a stanza that is sent to the client; false if there is no room for it, in which case it must not be sent. */
  keep(stanza: Element): boolean {
    return this.#ledger?.keep(stanza) ?? true;
  }

  /** Asks for an acknowledgement if it is time to. */
  request(transport: XmppTransport): void {
    if (this.#ledger?.takeRequest()) transport.write(xml("r", { xmlns }));
  }

  /** About what the client has not acknowledged, in bytes. */
  get unacknowledgedBytes(): number {
    return this.#ledger?.unacknowledgedBytes ?? 0;
  }

  /**
   * A new stream asks to carry the session, whose client has handled so many stanzas; false if that cannot be, and the
   * stream has failed.
   */
  admits(handled: number, transport: XmppTransport): boolean {
    if (this.#ledger?.canAcknowledge(handled)) return true;
    this.#failTooHigh(handled, transport);
    return false;
  }

  /** Goes on with a new stream that was admitted: all that the client has not handled is sent again (section 5). */
  resume(handled: number, transport: XmppTransport): void {
    if (this.#ledger === undefined || this.#id === undefined) return;
    this.#resumptions.found(this.#id);
    this.#ledger.acknowledge(handled);
    transport.write(xml("resumed", { xmlns, previd: this.#id, h: `${this.#ledger.handled}` }));
    for (const stanza of this.#ledger.unacknowledged) transport.write(stanza);
  }

  /** The connection has died; false if the session cannot be resumed, and must end. */
  wait(): boolean {
    return this.#id !== undefined && this.#resumptions.wait(this.#id);
  }

  /** The session is over for good. Returns what the client has never acknowledged. */
  ended(): readonly Element[] {
    if (this.#id !== undefined) this.#resumptions.remove(this.#id);
    return this.#ledger?.unacknowledged ?? [];
  }

  #enable({ attrs }: Element): Element {
    this.#ledger = this.#resumptions.newLedger();
    if (attrs.resume !== "true" && attrs.resume !== "1") return xml("enabled", { xmlns });
    const { id, seconds } = this.#resumptions.add(this.#session, this.#ledger, parseCount(attrs.max));
    this.#id = id;
    return xml("enabled", { xmlns, id, resume: "true", ...(seconds > 0 && { max: `${seconds}` }) });
  }

  #acknowledged({ attrs }: Element, ledger: StanzaLedger, transport: XmppTransport): void {
    const handled = parseCount(attrs.h);
    if (handled === undefined) transport.fail("bad-format", "an acknowledgement without a count");
    else if (!ledger.acknowledge(handled)) this.#failTooHigh(handled, transport);
  }

  /** A client that acknowledges what it was not sent has lost count: nothing it says it has can be let go (section 4). */
  #failTooHigh(handled: number, transport: XmppTransport): void {
    const sent = `${this.#ledger?.sent ?? 0}`;
    transport.fail(
      "undefined-condition",
      `${handled} stanzas acknowledged, where ${sent} were sent`,
      xml("handled-count-too-high", { xmlns, h: `${handled}`, "send-count": sent }),
    );
  }
}
