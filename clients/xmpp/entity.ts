import { once } from "node:events";
import { Client } from "@xmpp/client-core";
import ConnectionTCP from "@xmpp/tcp/lib/Connection.js";
import type { Element, Parser } from "@xmpp/xml";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { XmppStreamParser } from "../../protocol/wires/xmpp-stream-parser.ts";
import { StreamError } from "./stream.ts";
import type { XmppTarget } from "./target.ts";

/** A socket without Nagle's delay, whose decoder keeps the first bytes of a character that the network has split. */
class WireSocket extends ConnectionTCP.prototype.Socket {
  constructor() {
    super();
    this.setNoDelay(true);
    this.setEncoding("utf8");
  }
}

class WireTransport extends ConnectionTCP {}
Object.assign(WireTransport.prototype, { Socket: WireSocket, Parser: XmppStreamParser });

/**
 * The stream of `@xmpp/client-core` over TCP, without what `@xmpp/client` adds to it and a benchmark must not measure:
 * stream management (an `<r/>` for each stanza), reconnection, STARTTLS, and the middleware that parses every address
 * and runs a chain of promises for each stanza sent or received (5 us of CPU each).
 */
export class XmppEntity extends Client {
  /** What to connect to, as the library writes it. */
  readonly service: string;
  readonly #stanzaBytesMax: number;
  readonly #heard: () => void;

  /** `heard` is called whenever something comes, before what it is. */
  constructor({ host, port, domain }: XmppTarget, payloadBytesMax: number, heard: () => void = () => {}) {
    const service = `xmpp://${host.includes(":") ? `[${host}]` : host}:${port}`;
    super({ service, domain });
    this.service = service;
    this.#stanzaBytesMax = encodedBytesMax(payloadBytesMax);
    this.#heard = heard;
    // The caller's signal ends a handshake, not a timer that would outlive it.
    this.timeout = 0;
    this.transports.push(WireTransport);
    // An EventEmitter throws an error nobody listens for.
    this.on("error", () => {});
  }

  /** Hears nothing more, even of what has arrived, until the stream is opened again. */
  stopReading(): void {
    (this.parser as XmppStreamParser | null)?.stop();
  }

  /** Hears nothing more and closes the socket at once. */
  drop(cause?: Error): void {
    this.stopReading();
    this.socket?.destroy(cause);
  }

  /**
   * The library's begins to listen for the answer when its header is written, and waits for ever for one that is there by
   * then: over TLS, a thousand logins at once are enough for that.
   */
  override open(options: { domain: string; lang?: string }): Promise<Element> {
    const opened = once(this, "open") as Promise<[Element]>;
    return Promise.race([opened.then(([header]) => header), super.open(options)]);
  }

  override _attachParser(parser: Parser): void {
    (parser as XmppStreamParser).stanzaBytesMax = this.#stanzaBytesMax;
    super._attachParser(parser);
  }

  /** The library's has no parser any more, and throws, when something arrives after the end of the stream. */
  override _onData(data: string): void {
    this.#heard();
    this.parser?.write(data);
  }

  /** The library's throws at an error without a condition, and follows `see-other-host` to another server. */
  override _onStreamError(element: Element): void {
    this.emit("error", new StreamError(element));
  }
}
