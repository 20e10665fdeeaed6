import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import type { Element } from "@xmpp/xml";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { XmlFault } from "../../protocol/wires/xml-fault.ts";
import { XmppStreamParser } from "../../protocol/wires/xmpp-stream-parser.ts";
import { Heartbeat } from "../connection/heartbeat.ts";
import type { XmppHost } from "./host.ts";
import { namespaces } from "./namespaces.ts";
import { XmppSession } from "./session.ts";
import { asksForTls, encryptionRequired, proceed, secure, starttlsFeatures } from "./starttls.ts";
import { type StreamCondition, streamError } from "./stream-error.ts";
import { closingTag, headerFault, openingTag } from "./stream-header.ts";
import type { XmppTransport } from "./transport.ts";

/** An XML stream on a TCP connection (RFC 6120 section 4): header, restart, errors, end. */
export class XmppTcpStream implements XmppTransport {
  #socket: Socket;
  readonly #host: XmppHost;
  readonly #session: XmppSession;
  readonly #parser = new XmppStreamParser();
  #deadline: NodeJS.Timeout;
  #headerSent = false;
  /** `closing`: our closing tag is sent, the peer's is not here yet. */
  #state: "open" | "closing" | "closed" = "open";
  /** Until the connection is secure, where it is to become so by STARTTLS. */
  #starttls: SecureContext | undefined;
  #isSecuring = false;

  /** With `starttls` nobody logs in before the connection is secure (RFC 6120 section 5). */
  constructor(socket: Socket, host: XmppHost, starttls?: SecureContext) {
    this.#socket = socket;
    this.#host = host;
    this.#starttls = starttls;
    this.#session = new XmppSession(host, this);
    this.#deadline = setTimeout(() => this.fail("connection-timeout"), host.limits.handshakeMs);

    this.#parser.on("start", (header) => this.#opened(header));
    this.#parser.on("element", (element) => {
      if (this.#starttls === undefined) this.#session.element(element);
      else this.#inClear(element, this.#starttls);
    });
    this.#parser.on("end", () => this.#end(""));
    this.#parser.on("error", (error) => this.fail(error instanceof XmlFault ? error.condition : "bad-format"));
    this.#read(socket);
  }

  #read(socket: Socket): void {
    // The decoder keeps the first bytes of a character that the network has split.
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => this.#parser.write(chunk as unknown as string));
    socket.on("error", () => {});
    socket.on("close", () => {
      // One that TLS has taken over closes with it.
      if (socket !== this.#socket) return;
      this.#state = "closed";
      clearTimeout(this.#deadline);
      this.#session.connectionLost();
    });
  }

  /** Now, and from here on. */
  get encrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  write(element: Element): void {
    if (this.#state !== "open") return;
    // Not only the behaviour sends: replies and other clients' stanzas also pile up if the peer does not read.
    if (this.queuedBytes() > this.#host.limits.queueBytesMax) this.failSlowConsumer();
    else this.#socket.write(element.toString());
  }

  queuedBytes(): number {
    return this.#socket.writableLength;
  }

  authenticated(): void {
    this.#headerSent = false;
    this.#parser.stanzaBytesMax = encodedBytesMax(this.#host.limits.payloadBytesMax);
    this.#parser.restart();
  }

  bound(): void {
    clearTimeout(this.#deadline);
    const { heartbeatMs } = this.#host;
    if (heartbeatMs === undefined) return;
    // Cut without a word, so that a client with stream management can come back for its session.
    new Heartbeat(this.#socket, heartbeatMs, {
      beat: () => this.#session.ping(),
      lost: () => this.#socket.destroy(),
    });
  }

  fail(condition: StreamCondition, text?: string, detail?: Element): void {
    this.#end(`${this.#header()}${streamError(condition, text, detail)}`);
  }

  failSlowConsumer(): void {
    this.fail("resource-constraint", "slow consumer");
    this.#socket.destroy();
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#socket.write(closingTag);
    this.#cutOffLater();
  }

  #opened(header: Element): void {
    const fault = headerFault(header, this.#host.router.domain);
    if (fault !== undefined) this.fail(fault);
    else this.#socket.write(`${this.#header()}${this.#starttls ? starttlsFeatures() : this.#session.features()}`);
  }

  /** One child of a stream that must become secure first. */
  #inClear(element: Element, context: SecureContext): void {
    if (!asksForTls(element)) {
      if (element.is("auth", namespaces.sasl)) this.write(encryptionRequired());
      this.fail("policy-violation", "TLS comes first");
      return;
    }
    // What else came in clear is forgotten: it could be anybody's (RFC 6120 section 5.4.3.3).
    this.#parser.stop();
    const socket = this.#socket.pause().removeAllListeners("data");
    this.#isSecuring = true;
    socket.write(proceed().toString(), () => {
      if (socket.destroyed) return;
      this.#starttls = undefined;
      this.#headerSent = false;
      this.#parser.restart();
      this.#socket = secure(socket, context, () => {
        this.#isSecuring = false;
      });
      this.#read(this.#socket);
    });
  }

  /** The stream is over: says what is left to say, unless our closing tag has been sent, and hears nothing more. */
  #end(lastWords: string): void {
    if (this.#state === "closed") return;
    // There is no telling a peer that does not finish its TLS handshake.
    if (this.#isSecuring) this.#socket.destroy();
    else if (this.#state === "open") this.#socket.write(lastWords + closingTag);
    this.#state = "closed";
    this.#parser.stop();
    this.#socket.end();
    this.#cutOffLater();
    this.#session.ended();
  }

  /** RFC 6120 section 4.9.1.2: an error needs an open stream, so one that comes before it is opened opens it. */
  #header(): string {
    if (this.#headerSent) return "";
    this.#headerSent = true;
    return openingTag(this.#host.router.domain);
  }

  /** A peer that does not end its side is cut off after the handshake time. */
  #cutOffLater(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), this.#host.limits.handshakeMs);
  }
}
