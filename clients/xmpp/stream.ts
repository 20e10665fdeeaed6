import type { Element } from "@xmpp/xml";
import type { CloseReason, Limits, Options } from "../../protocol/contract.ts";
import { describeStreamError } from "./conditions.ts";
import type { XmppTarget } from "./target.ts";

/** The server has closed the stream in order while the login was waiting for it. */
export const closedDuringLogin = (): Error => new Error("the server closed the stream during the login");

/** What the stream ended with (RFC 6120 section 4.9): the server's word, not a failure below it. */
export class StreamError extends Error {
  constructor(element: Element) {
    super(`stream error ${describeStreamError(element)}`);
    this.name = "StreamError";
  }
}

/** What a stream tells whoever opened it, in the turn of the socket event. */
export interface StreamEvents {
  /** Bytes came from the server, of whatever; called before what they are. */
  heard(): void;
  /** One child of the stream: features, an answer to the login, a stanza. A stream error comes as `ended`. */
  element(element: Element): void;
  /** The stream is over; only the first call counts. `cause` is what a login that waits for the server fails with. */
  ended(reason: CloseReason, cause: Error): void;
}

/** An XML stream on one of the bindings of XMPP: the only part in which they differ. */
export interface XmppStream {
  /** Connects and opens the stream; resolves when the server has opened its side, rejects when the stream has ended. */
  open(): Promise<void>;
  /** Opens a new stream on the same connection (RFC 6120 section 4.3.3); settles as `open` does. */
  restart(): Promise<void>;
  /** Goes on over TLS after `<proceed/>` (RFC 6120 section 5.4.3.3). Absent: the binding has none within the stream. */
  upgrade?(): Promise<void>;
  /** Never waits and never throws for what the network does. */
  send(element: Element): void;
  /** Bytes accepted but not yet handed to the kernel. */
  readonly bufferedBytes: number;
  /** Writes that carried stanzas so far. Absent: one each. */
  readonly writes?: number;
  /** Begins an orderly end; `ended` tells when the server has seen it. */
  close(): void;
  /** Closes the sockets at once and tells nothing more. Idempotent. */
  drop(): void;
}

/** A way to carry XMPP: TCP (RFC 6120), WebSocket (RFC 7395) or BOSH (XEP-0124, XEP-0206). */
export interface Binding {
  /**
   * Connects nothing yet. `options` are those of the target. `retryMs`: a binding of requests asks again so long after one
   * was lost, as often as it takes.
   */
  stream(
    target: XmppTarget,
    limits: Limits,
    events: StreamEvents,
    options?: Options,
    retryMs?: number | undefined,
  ): XmppStream;
  /** Lost connections are its own affair: it asks again, and there is no stream management on it. */
  readonly recovers?: true;
}
