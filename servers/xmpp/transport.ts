import type { Element } from "@xmpp/xml";
import type { StreamCondition } from "./stream-error.ts";

/** What carries a session's elements: the only part that differs between TCP, WebSocket (RFC 7395) and BOSH (XEP-0124). */
export interface XmppTransport {
  /** Whether nobody between client and server can listen. May become true before login (STARTTLS), never false again. */
  readonly encrypted: boolean;
  /**
   * Set where a session outlives its connections anyway, and what they lose is sent again (BOSH; XEP-0124 section 14.3): stream
   * management has nothing to add there.
   */
  readonly recovers?: true;
  /** Ignored once the stream is closing. */
  write(element: Element): void;
  queuedBytes(): number;
  /** Whether a request of the client is held now. Absent: the stream needs none. */
  isAwaited?(): boolean;
  /** The client has logged in and opens its stream again (RFC 6120 section 6.4.6). */
  authenticated(): void;
  /** The client has a resource; from here on it may take its time. */
  bound(): void;
  /** Ends the stream with an error (RFC 6120 section 4.9); `detail` is an extension's own condition. */
  fail(condition: StreamCondition, text?: string, detail?: Element): void;
  failSlowConsumer(): void;
  /** Ends the stream in order (RFC 6120 section 4.4). */
  close(): void;
}
