import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Element, xml } from "@xmpp/xml";
import type { WebSocket } from "ws";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { XmlFault } from "../../protocol/wires/xml-fault.ts";
import { asStreamChild, standalone } from "../../protocol/wires/xmpp-element.ts";
import { framingNamespace, XmppFrameParser } from "../../protocol/wires/xmpp-frame-parser.ts";
import { unauthenticatedStanzaBytesMax } from "../../protocol/wires/xmpp-stream-parser.ts";
import { pingRegularly } from "../connection/websocket-heartbeat.ts";
import type { XmppHost } from "./host.ts";
import { XmppSession } from "./session.ts";
import { type StreamCondition, streamError } from "./stream-error.ts";
import { openingFault, streamId } from "./stream-header.ts";
import type { XmppTransport } from "./transport.ts";

/** RFC 6455 section 7.4.1. */
const closeCodes = { normal: 1000, unsupportedData: 1003 } as const;

/** A framed XML stream on a WebSocket (RFC 7395 section 3): each frame is one element. */
export class XmppWebSocketStream implements XmppTransport {
  /** It came over TLS (`wss:`). */
  readonly encrypted: boolean;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #host: XmppHost;
  readonly #session: XmppSession;
  readonly #parser = new XmppFrameParser();
  #deadline: NodeJS.Timeout;
  /** The client opens its stream next, for the first time or again after the login (section 3.7). */
  #expectsOpen = true;
  #openSent = false;
  /** `closing`: our `<close/>` is sent, the peer's is not here yet. */
  #state: "open" | "closing" | "closed" = "open";

  /** `socket` is the one below the WebSocket. */
  constructor(webSocket: WebSocket, host: XmppHost, socket: Socket) {
    this.encrypted = socket instanceof TLSSocket;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#host = host;
    this.#session = new XmppSession(host, this);
    this.#deadline = setTimeout(() => this.fail("connection-timeout"), host.limits.handshakeMs);
    this.#bound(unauthenticatedStanzaBytesMax);
    webSocket.on("message", (data, isBinary) => {
      if (this.#state === "closed") return;
      if (isBinary) this.#refuseBinary();
      else this.#frame(data.toString());
    });
    webSocket.on("error", () => {});
    webSocket.on("close", () => {
      this.#state = "closed";
      clearTimeout(this.#deadline);
      this.#session.connectionLost();
    });
  }

  write(element: Element): void {
    if (this.#state !== "open") return;
    // Not only the behaviour sends: replies and other clients' stanzas also pile up if the peer does not read.
    if (this.queuedBytes() > this.#host.limits.queueBytesMax) this.failSlowConsumer();
    else this.#webSocket.send(standalone(element));
  }

  queuedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  authenticated(): void {
    this.#expectsOpen = true;
    this.#openSent = false;
    this.#bound(encodedBytesMax(this.#host.limits.payloadBytesMax));
  }

  bound(): void {
    clearTimeout(this.#deadline);
    pingRegularly(this.#webSocket, this.#socket, this.#host.heartbeatMs);
  }

  fail(condition: StreamCondition, text?: string, detail?: Element): void {
    if (this.#state === "open") {
      // Section 3.5: an error needs an open stream, so one that comes before it is opened opens it.
      this.#open();
      this.#webSocket.send(standalone(streamError(condition, text, detail)));
    }
    this.#end(closeCodes.normal);
  }

  failSlowConsumer(): void {
    this.fail("resource-constraint", "slow consumer");
    this.#webSocket.terminate();
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#webSocket.send(closing);
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#webSocket.terminate(), this.#host.limits.handshakeMs);
  }

  #frame(text: string): void {
    let element: Element;
    try {
      element = this.#parser.parse(text);
    } catch (error) {
      if (!(error instanceof XmlFault)) throw error;
      this.fail(error.condition);
      return;
    }
    if (element.is("close", framingNamespace)) this.#end(closeCodes.normal);
    else if (element.is("open", framingNamespace) || this.#expectsOpen) this.#opened(element);
    else this.#session.element(asStreamChild(element));
  }

  #opened(element: Element): void {
    const fault = openingFault(element.attrs, this.#host.router.domain);
    if (!this.#expectsOpen) this.fail("bad-format", "the stream is open");
    else if (!element.is("open", framingNamespace)) this.fail("invalid-namespace", "expected <open/> (RFC 7395)");
    else if (fault !== undefined) this.fail(fault);
    else {
      this.#expectsOpen = false;
      this.#open();
      this.#webSocket.send(standalone(this.#session.features()));
    }
  }

  #open(): void {
    if (this.#openSent) return;
    this.#openSent = true;
    const attributes = { xmlns: framingNamespace, from: this.#host.router.domain, id: streamId() };
    this.#webSocket.send(xml("open", { ...attributes, version: "1.0", "xml:lang": "en" }).toString());
  }

  /** Section 3.3.1 has text frames only, for which RFC 6455 has a close code. */
  #refuseBinary(): void {
    this.#end(closeCodes.unsupportedData, "expected text frames (RFC 7395)");
  }

  /** The stream is over: says `<close/>` unless that has been said, closes the WebSocket, and hears nothing more. */
  #end(code: number, why?: string): void {
    if (this.#state === "closed") return;
    if (this.#state === "open") this.#webSocket.send(closing);
    this.#state = "closed";
    clearTimeout(this.#deadline);
    // A peer that does not answer this is cut off by `ws` after its close timeout.
    this.#webSocket.close(code, why);
    this.#session.ended();
  }

  /** Most bytes of a frame. `ws` has one bound for a whole server, and keeps that of a connection in its receiver. */
  #bound(bytes: number): void {
    this.#parser.frameBytesMax = bytes;
    Reflect.set(Reflect.get(this.#webSocket, "_receiver"), "_maxPayload", bytes);
  }
}

const closing = xml("close", { xmlns: framingNamespace }).toString();
