import type { Element } from "@xmpp/xml";
import type { Limits } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { closeWaitMs } from "../connection/link.ts";
import { XmppEntity } from "./entity.ts";
import { type Binding, closedDuringLogin, StreamError, type StreamEvents, type XmppStream } from "./stream.ts";
import type { XmppTarget } from "./target.ts";
import { encrypt } from "./tls.ts";

const tlsNamespace = "urn:ietf:params:xml:ns:xmpp-tls";

/** XMPP over TCP (RFC 6120) on the stream of `@xmpp/client-core`. */
export const tcpBinding: Binding = {
  stream: (target, limits, events) => new TcpStream(target, limits, events),
};

class TcpStream implements XmppStream {
  readonly #entity: XmppEntity;
  readonly #target: XmppTarget;
  readonly #events: StreamEvents;
  #encrypted = false;

  constructor(target: XmppTarget, limits: Limits, events: StreamEvents) {
    const entity = new XmppEntity(target, limits.payloadBytesMax, () => events.heard());
    this.#entity = entity;
    this.#target = target;
    this.#events = events;
    entity.on("error", (error) => this.#lost(error));
    entity.on("element", (element) => {
      // What follows in clear would be taken for something that came over TLS (RFC 6120 section 5.4.3.3).
      if (!this.#encrypted && element.is("proceed", tlsNamespace)) entity.stopReading();
      events.element(element);
    });
    entity.on("close", () => {
      entity.socket?.end("</stream:stream>");
      events.ended({ by: "server", message: "stream closed" }, closedDuringLogin());
    });
    // As an error, since the library waits for one where the login is.
    entity.on("disconnect", () => void entity.emit("error", new Error("connection lost")));
  }

  async open(): Promise<void> {
    await this.#entity.connect(this.#entity.service);
    if (this.#target.tls) await this.upgrade();
    await this.#entity.open({ domain: this.#target.domain });
  }

  async restart(): Promise<void> {
    await this.#entity.restart();
  }

  async upgrade(): Promise<void> {
    const plain = this.#entity.socket;
    if (plain === null) throw new Error("connection lost");
    this.#entity._detachSocket();
    this.#encrypted = true;
    const socket = encrypt(plain, this.#target);
    this.#entity._attachSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("connection lost")));
    });
  }

  send(element: Element): void {
    this.#entity.send(element).catch((error) => this.#lost(error));
  }

  get bufferedBytes(): number {
    return this.#entity.socket?.writableLength ?? 0;
  }

  close(): void {
    this.#entity.timeout = closeWaitMs;
    void this.#entity.stop();
  }

  drop(): void {
    this.#entity.drop(new Error("gave up"));
  }

  #lost(error: Error): void {
    this.#events.ended(
      { by: error instanceof StreamError ? "server" : "network", message: describeError(error) },
      error,
    );
  }
}
