import { isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Element } from "@xmpp/xml";
import type { Limits } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { closeWaitMs } from "../connection/link.ts";
import { StreamError, XmppEntity } from "./entity.ts";
import type { Binding, StreamEvents, XmppStream } from "./stream.ts";
import type { XmppTarget } from "./target.ts";

/** XMPP over TCP (RFC 6120) on the stream of `@xmpp/client-core`. */
export const tcpBinding: Binding = {
  stream: (target, limits, events) => new TcpStream(target, limits, events),
};

class TcpStream implements XmppStream {
  readonly #entity: XmppEntity;
  readonly #domain: string;
  readonly #events: StreamEvents;

  constructor(target: XmppTarget, limits: Limits, events: StreamEvents) {
    const entity = new XmppEntity(target, limits.payloadBytesMax);
    this.#entity = entity;
    this.#domain = target.domain;
    this.#events = events;
    entity.on("error", (error) => this.#lost(error));
    entity.on("element", (element) => events.element(element));
    entity.on("close", () => {
      entity.socket?.end("</stream:stream>");
      const cause = new Error("the server closed the stream during the login");
      events.ended({ by: "server", message: "stream closed" }, cause);
    });
    // As an error, since the library waits for one where the login is.
    entity.on("disconnect", () => void entity.emit("error", new Error("connection lost")));
  }

  async open(): Promise<void> {
    await this.#entity.connect(this.#entity.service);
    await this.#entity.open({ domain: this.#domain });
  }

  async restart(): Promise<void> {
    await this.#entity.restart();
  }

  async upgrade(): Promise<void> {
    const plain = this.#entity.socket;
    if (plain === null) throw new Error("connection lost");
    this.#entity._detachSocket();
    // Section 5.4.3.1: the certificate is the domain's, whatever the address.
    const servername = isIP(this.#domain) === 0 ? this.#domain : "";
    const socket = connectTls({ socket: plain, host: this.#domain, servername });
    socket.setEncoding("utf8");
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
