import { type Element, xml } from "@xmpp/xml";
import type { Limits } from "../../protocol/contract.ts";
import { parseCount, StanzaLedger, streamManagementNamespace } from "../../protocol/wires/stream-management.ts";

const xmlns = streamManagementNamespace;

/** What stream management has counted, over all connections of a session. Exact. */
export interface StreamManagementCounts {
  /** Stanzas given to `send`, each once however often it went out. */
  readonly sent: number;
  /** Of those: handled by the server for certain. */
  readonly acknowledged: number;
  /** Of those: given up, since the server has not kept the session. They may have been handled, or not. */
  readonly abandoned: number;
  /** Stanzas of the server handled. */
  readonly received: number;
  /** Stanzas sent again after a resumption. */
  readonly retransmitted: number;
  /** Connections on which the session went on. */
  readonly resumptions: number;
}

/**
 * The client's side of stream management (XEP-0198): it keeps what it sends until the server has acknowledged it, within
 * `queueBytesMax`, and can go on with the session on another connection. One outlives its connections, and carries one at a
 * time.
 */
export class StreamManagement {
  readonly #limits: Limits;
  readonly #first: number;
  #ledger: StanzaLedger;
  #id: string | undefined;
  #jid = "";
  #release: () => void = () => {};
  #sent = 0;
  #received = 0;
  #abandoned = 0;
  #retransmitted = 0;
  #resumptions = 0;

  /** `first` is where the counts begin: zero, but for a test of what happens at 2^32, against a server that does the same. */
  constructor(limits: Limits, first = 0) {
    this.#limits = limits;
    this.#first = first;
    this.#ledger = this.#newLedger();
  }

  get counts(): StreamManagementCounts {
    return {
      sent: this.#sent,
      acknowledged: this.#sent - this.#abandoned - this.#ledger.unacknowledgedCount,
      abandoned: this.#abandoned,
      received: this.#received,
      retransmitted: this.#retransmitted,
      resumptions: this.#resumptions,
    };
  }

  /** Sent and neither acknowledged nor given up, in order. */
  get unacknowledged(): readonly Element[] {
    return this.#ledger.unacknowledged;
  }

  /** Whether the server keeps the session for a while when the connection dies. */
  get resumable(): boolean {
    return this.#id !== undefined;
  }

  /** Full JID of the session. */
  get jid(): string {
    return this.#jid;
  }

  /** Another connection is to carry the session, which lets go of the one before: that `release` was told with it. */
  carriedBy(release: () => void): void {
    this.#release();
    this.#release = release;
  }

  /** Asks for a session that can be resumed, once a resource is bound (section 3). */
  enableRequest(): Element {
    return xml("enable", { xmlns, resume: "true" });
  }

  /** The server's answer to that, for the session of this address; throws if it is a refusal. */
  enabled(answer: Element, jid: string): void {
    if (answer.name !== "enabled") throw new Error(`the server refused stream management: ${conditionOf(answer)}`);
    this.#ledger = this.#newLedger();
    this.#jid = jid;
    const { id, resume } = answer.attrs;
    this.#id = resume === "true" || resume === "1" ? id : undefined;
  }

  /** Asks for the session that the last connection carried, before a resource is bound (section 5). */
  resumeRequest(): Element {
    return xml("resume", { xmlns, previd: this.#id ?? "", h: `${this.#ledger.handled}` });
  }

  /**
   * The server's answer to that: what it has not handled and must be sent again, or undefined if it has not kept the session;
   * then `abandoned` has grown. Throws if it claims more than it was sent.
   */
  resumed(answer: Element): readonly Element[] | undefined {
    const handled = parseCount(answer.attrs.h);
    if (handled !== undefined) this.#acknowledge(handled);
    if (answer.name === "resumed") {
      this.#resumptions++;
      this.#retransmitted += this.#ledger.unacknowledgedCount;
      return this.#ledger.unacknowledged;
    }
    this.#abandoned += this.#ledger.unacknowledgedCount;
    this.#ledger = this.#newLedger();
    this.#id = undefined;
    return undefined;
  }

  /** Keeps a stanza that is about to be sent, and that nobody changes any more; false if there is no room for it. */
  keep(stanza: Element): boolean {
    if (!this.#ledger.keep(stanza)) return false;
    this.#sent++;
    return true;
  }

  /** The request for an acknowledgement, if it is time to send one. */
  dueRequest(): Element | undefined {
    return this.#ledger.takeRequest() ? xml("r", { xmlns }) : undefined;
  }

  /** Says how much was handled. */
  acknowledgement(): Element {
    return xml("a", { xmlns, h: `${this.#ledger.handled}` });
  }

  /**
   * Takes an element in: a stanza is counted, and for the caller to handle. True if it was stream management's own;
   * `answer` says then what is to be sent, if anything. Throws if the server acknowledges what it was not sent.
   */
  takes(element: Element, answer: (element: Element) => void): boolean {
    if (element.getNS() !== xmlns) {
      this.#received++;
      this.#ledger.handle();
      return false;
    }
    if (element.name === "r") answer(this.acknowledgement());
    else if (element.name === "a") this.#acknowledge(parseCount(element.attrs.h));
    return true;
  }

  #newLedger(): StanzaLedger {
    return new StanzaLedger(this.#limits.queueBytesMax, this.#first);
  }

  #acknowledge(handled: number | undefined): void {
    if (handled === undefined || !this.#ledger.acknowledge(handled)) {
      throw new Error(`the server acknowledged ${handled ?? "no number of"} stanzas of ${this.#ledger.sent}`);
    }
  }
}

/** Whether the stream's features offer it. */
export const offersStreamManagement = (features: Element): boolean => features.getChild("sm", xmlns) !== undefined;

/** Whether an element is stream management's own. */
export const isOfStreamManagement = (element: Element): boolean => element.getNS() === xmlns;

const conditionOf = (failed: Element): string => failed.getChildElements()[0]?.name ?? failed.name;
