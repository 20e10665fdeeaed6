import type { Socket } from "node:net";
import { type Element, xml } from "@xmpp/xml";
import { type RawData, WebSocket } from "ws";
import type { Limits, Options } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { XmlFault } from "../../protocol/wires/xml-fault.ts";
import { asStreamChild, standalone, streamNamespace } from "../../protocol/wires/xmpp-element.ts";
import { framingNamespace, XmppFrameParser } from "../../protocol/wires/xmpp-frame-parser.ts";
import { pageHeaders } from "../http/browser-headers.ts";
import { describeOtherUri } from "./conditions.ts";
import { Opening } from "./opening.ts";
import { type Binding, closedDuringLogin, StreamError, type StreamEvents, type XmppStream } from "./stream.ts";
import type { XmppTarget } from "./target.ts";

/**
 * XMPP over WebSocket (RFC 7395) with the `ws` library, as the WebSocket it is compared with. That of `@xmpp/websocket` is
 * Node's own, which is another implementation.
 */
export const websocketBinding: Binding = {
  stream: (target, limits, events, options) => new WebSocketStream(target, limits, events, options),
};

const closing = xml("close", { xmlns: framingNamespace }).toString();

class WebSocketStream implements XmppStream {
  readonly #target: XmppTarget;
  readonly #events: StreamEvents;
  readonly #options: Options | undefined;
  readonly #frameBytesMax: number;
  readonly #parser = new XmppFrameParser();
  readonly #opening = new Opening();
  #webSocket: WebSocket | undefined;
  #isClosing = false;
  #isOver = false;

  constructor(target: XmppTarget, limits: Limits, events: StreamEvents, options: Options | undefined) {
    this.#target = target;
    this.#events = events;
    this.#options = options;
    this.#frameBytesMax = encodedBytesMax(limits.payloadBytesMax);
    this.#parser.frameBytesMax = this.#frameBytesMax;
  }

  open(): Promise<void> {
    const { address } = this.#target;
    const webSocket = new WebSocket(address, "xmpp", {
      perMessageDeflate: false,
      headers: { ...pageHeaders(this.#options, "upgrade", new URL(address)) },
      maxPayload: this.#frameBytesMax,
    });
    this.#webSocket = webSocket;
    let socket: Socket | undefined;
    webSocket.on("upgrade", (answer) => {
      socket = answer.socket;
    });
    webSocket.on("open", () => {
      // Not before: `ws` puts back what came with the answer, and who listens by then would take it.
      socket?.on("data", () => this.#events.heard());
      this.#sendOpen();
    });
    webSocket.on("message", (data: RawData, isBinary: boolean) => this.#frame(data, isBinary));
    webSocket.on("error", (error) => this.#lost(error));
    webSocket.on("close", (code, reason) => {
      const message = `close code ${code}${reason.byteLength > 0 ? ` (${reason})` : ""}`;
      // RFC 6455 section 7.1.5: 1006 means that no close frame was seen.
      this.#ended(code === 1006 ? "network" : "server", new Error(message));
    });
    return this.#opening.begun();
  }

  restart(): Promise<void> {
    this.#sendOpen();
    return this.#opening.begun();
  }

  send(element: Element): void {
    this.#webSocket?.send(standalone(element));
  }

  get bufferedBytes(): number {
    return this.#webSocket?.bufferedAmount ?? 0;
  }

  close(): void {
    this.#isClosing = true;
    if (this.#webSocket?.readyState === WebSocket.OPEN) this.#webSocket.send(closing);
  }

  drop(): void {
    this.#isOver = true;
    this.#opening.fail(new Error("gave up"));
    this.#webSocket?.terminate();
  }

  #sendOpen(): void {
    const { domain } = this.#target;
    this.#webSocket?.send(xml("open", { xmlns: framingNamespace, to: domain, version: "1.0" }).toString());
  }

  #frame(data: RawData, isBinary: boolean): void {
    if (this.#isOver) return;
    try {
      if (isBinary) throw new XmlFault("bad-format", "a binary frame, where RFC 7395 has text frames only");
      this.#element(this.#parser.parse(data.toString()));
    } catch (error) {
      if (!(error instanceof XmlFault)) throw error;
      this.#lost(error);
    }
  }

  #element(element: Element): void {
    if (element.is("open", framingNamespace)) this.#opening.done();
    else if (element.is("close", framingNamespace)) this.#closed(element.attrs["see-other-uri"]);
    else if (element.is("error", streamNamespace)) this.#ended("server", new StreamError(element));
    else this.#events.element(asStreamChild(element));
  }

  /** The server has closed its stream: says the same unless it was an answer, and closes the WebSocket (section 3.6). */
  #closed(elsewhere: string | undefined): void {
    if (!this.#isClosing) this.#webSocket?.send(closing);
    this.#webSocket?.close(1000);
    if (elsewhere !== undefined) {
      this.#ended("server", new Error(`stream closed: ${describeOtherUri(elsewhere)}`));
      return;
    }
    this.#opening.fail(closedDuringLogin());
    this.#events.ended({ by: "server", message: "stream closed" }, closedDuringLogin());
  }

  #lost(error: Error): void {
    this.#ended("network", error);
  }

  #ended(by: "network" | "server", cause: Error): void {
    this.#opening.fail(cause);
    this.#events.ended({ by, message: describeError(cause) }, cause);
  }
}
