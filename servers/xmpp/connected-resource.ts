import type { Element } from "@xmpp/xml";
import type { FanOut } from "./fan-out.ts";

/** A connected resource (RFC 6120 section 7): a client that is logged in and bound, as the rest of the server sees it. */
export interface ConnectedResource {
  /** Full JID. */
  readonly jid: string;
  /** Of its account. */
  readonly bareJid: string;
  /** Has asked for its roster, so that it wants to hear of changes (RFC 6121 section 2.2). */
  interested: boolean;
  /** Its last presence without an address (RFC 6121 section 4); undefined: connected, but not available. */
  availability: Availability | undefined;
  /** Addresses to which it has sent its presence although they do not follow it (RFC 6121 section 4.6). */
  readonly directed: Set<string>;
  /** Sends a stanza to the client, which is free to read it later. The stanza is not changed. */
  deliver(stanza: Element): void;
  /** A message to the server itself, which the behaviour answers. */
  receive(message: Element): void;
}

export interface Availability {
  readonly presence: FanOut;
  /** RFC 6121 section 4.7.2.3; a negative one asks for no messages to the bare JID. */
  readonly priority: number;
}
