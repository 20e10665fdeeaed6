import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Element } from "@xmpp/xml";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { XmlFault } from "../../protocol/wires/xml-reader.ts";
import { XmppStreamParser } from "../../protocol/wires/xmpp-stream-parser.ts";
import type { XmppHost } from "./host.ts";
import { XmppSession } from "./session.ts";
import { type StreamCondition, streamError } from "./stream-error.ts";
import { closingTag, headerFault, openingTag } from "./stream-header.ts";
import type { XmppTransport } from "./transport.ts";

/** An XML stream on a TCP connection (RFC 6120 section 4): header, restart, errors, end. */
export class XmppTcpStream implements XmppTransport {
  readonly encrypted: boolean;
  readonly #socket: Socket;
  readonly #host: XmppHost;
  readonly #session: XmppSession;
  readonly #parser = new XmppStreamParser();
  #deadline: NodeJS.Timeout;
  #headerSent = false;
  /** `closing`: our closing tag is sent, the peer's is not here yet. */
  #state: "open" | "closing" | "closed" = "open";

  constructor(socket: Socket, host: XmppHost) {
    this.encrypted = socket instanceof TLSSocket;
    this.#socket = socket;
    this.#host = host;
    this.#session = new XmppSession(host, this);
    this.#deadline = setTimeout(() => this.fail("connection-timeout"), host.limits.handshakeMs);

    this.#parser.on("start", (header) => this.#opened(header));
    this.#parser.on("element", (element) => this.#session.element(element));
    this.#parser.on("end", () => this.#end(""));
    this.#parser.on("error", (error) => this.fail(error instanceof XmlFault ? error.condition : "bad-format"));
    // The decoder keeps the first bytes of a character that the network has split.
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => this.#parser.write(chunk as unknown as string));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#state = "closed";
      clearTimeout(this.#deadline);
      this.#session.ended();
    });
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
  }

  fail(condition: StreamCondition, text?: string): void {
    this.#end(`${this.#header()}${streamError(condition, text)}`);
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
    else this.#socket.write(`${this.#header()}${this.#session.features()}`);
  }

  /** The stream is over: says what is left to say, unless our closing tag has been sent, and hears nothing more. */
  #end(lastWords: string): void {
    if (this.#state === "closed") return;
    if (this.#state === "open") this.#socket.write(lastWords + closingTag);
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
