import { randomBytes } from "node:crypto";
import type { Element } from "@xmpp/xml";
import type { Limits } from "../../protocol/contract.ts";
import { StanzaLedger } from "../../protocol/wires/stream-management.ts";
import type { XmppTransport } from "./transport.ts";

/** A session that can outlive its stream. */
export interface Resumable {
  /** Of the account it belongs to; nobody else may resume it. */
  readonly bareJid: string;
  /** Whether its client can have handled so many of its stanzas; if not, the stream that asks has failed. */
  admits(handled: number, transport: XmppTransport): boolean;
  /** The stream that was admitted carries it from here on; the one before ends. */
  resume(handled: number, carrier: Carrier): void;
  /** The connection that carries it has died: it waits for another stream, or ends. */
  connectionLost(): void;
  /** Handles one child of the stream that carries it. */
  element(element: Element): void;
  /** Asks the client for a sign of life. */
  ping(): void;
  /** It is over, for whatever reason, for example that nobody came back for it. Idempotent. */
  ended(): void;
}

/** A stream that carries a session. */
export interface Carrier {
  readonly transport: XmppTransport;
  /** Another stream carries the session from here on. */
  superseded(): void;
}

interface Entry {
  readonly session: Resumable;
  readonly ledger: StanzaLedger;
  /** How long it waits for its client. */
  readonly waitMs: number;
  /** Runs while no stream carries it. */
  timer?: NodeJS.Timeout;
}

/** Sessions that are over and whose last count is still told to the client that comes too late. */
const rememberedMax = 1000;

/**
 * The sessions of a server that can be resumed (XEP-0198 section 5), by an identifier nobody can guess. One whose connection
 * has died is kept for `idleMs`, and no more of them than there may be connections: then the one that has waited longest
 * goes first.
 */
export class Resumptions {
  readonly #limits: Limits;
  readonly #firstCount: number;
  readonly #entries = new Map<string, Entry>();
  /** Those without a stream, the one that has waited longest first. */
  readonly #waiting = new Map<string, Entry>();
  readonly #remembered = new Map<string, { readonly owner: string; readonly handled: number }>();
  #closed = false;

  /** `firstCount` is where the counts of a new session begin: zero, but for a test of what happens at 2^32. */
  constructor(limits: Limits, firstCount = 0) {
    this.#limits = limits;
    this.#firstCount = firstCount;
  }

  /** The books of a new session, resumable or not. */
  newLedger(): StanzaLedger {
    return new StanzaLedger(this.#limits.queueBytesMax, this.#firstCount);
  }

  /** From here on the session can be resumed; returns its identifier and for how many seconds it is kept. */
  add(session: Resumable, ledger: StanzaLedger, wantedSeconds = Infinity): { id: string; seconds: number } {
    const waitMs = Math.min(this.#limits.idleMs, wantedSeconds * 1000);
    const id = randomBytes(18).toString("base64url");
    this.#entries.set(id, { session, ledger, waitMs });
    return { id, seconds: Math.floor(waitMs / 1000) };
  }

  /** The session, if it is this account's and not over. */
  find(id: string, owner: string): Resumable | undefined {
    const session = this.#entries.get(id)?.session;
    return session?.bareJid === owner ? session : undefined;
  }

  /** How many stanzas had been handled when a session of this account ended, as long as that is remembered. */
  handledBefore(id: string, owner: string): number | undefined {
    const remembered = this.#remembered.get(id);
    return remembered?.owner === owner ? remembered.handled : undefined;
  }

  /** The connection has died; false if nothing waits any more, and the session must end. */
  wait(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#closed) return false;
    entry.timer = setTimeout(() => entry.session.ended(), entry.waitMs);
    this.#waiting.set(id, entry);
    if (this.#waiting.size > this.#limits.connectionsMax) this.#longestWaiting()?.session.ended();
    return true;
  }

  /** A stream carries the session again. */
  found(id: string): void {
    clearTimeout(this.#waiting.get(id)?.timer);
    this.#waiting.delete(id);
  }

  /** The session is over for good. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.found(id);
    this.#entries.delete(id);
    this.#remembered.set(id, { owner: entry.session.bareJid, handled: entry.ledger.handled });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= rememberedMax) break;
      this.#remembered.delete(oldest);
    }
  }

  /** The server ends: nothing waits any more. */
  close(): void {
    this.#closed = true;
    for (const { session } of [...this.#waiting.values()]) session.ended();
  }

  #longestWaiting(): Entry | undefined {
    for (const entry of this.#waiting.values()) return entry;
    return undefined;
  }
}
