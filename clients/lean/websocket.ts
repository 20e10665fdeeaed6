import type { Socket } from "node:net";
import type {
  ClientConnection,
  CloseReason,
  ConnectOptions,
  Payload,
  ProtocolClient,
} from "../../protocol/contract.ts";
import { readyEvent } from "../connection/dial.ts";
import { handshake } from "../connection/handshake.ts";
import { ClientLink, type ClientWire, closeWaitMs } from "../connection/link.ts";
import { Outbox } from "./outbox.ts";
import { openSocket } from "./socket.ts";
import { Upgrade } from "./upgrade.ts";
import { encodeMaskedFrame, type FrameListener, FrameReader, opcodes } from "./websocket-frames.ts";

/** RFC 6455 with little on top of the socket: for a load generator that is not to be the limit. */
export const leanWebsocketClient: ProtocolClient = {
  connect(options: ConnectOptions): Promise<ClientConnection> {
    let wire: WebSocketWire | undefined;
    return handshake<ClientConnection>(
      options.url,
      options.signal,
      (resolve, reject) => {
        wire = new WebSocketWire(options, { resolve, reject });
      },
      () => wire?.destroy(),
    );
  },
};

/** How a handshake ends. */
interface Outcome {
  resolve(link: ClientLink): void;
  reject(cause: unknown): void;
}

/** One object with methods, for there may be ten thousand of them. */
class WebSocketWire implements ClientWire, FrameListener {
  readonly #options: Pick<ConnectOptions, "limits" | "cookies" | "options" | "onMessage" | "onText">;
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #frames: FrameReader;
  /** Until the handshake is over; nothing of it is kept for longer, since a connection may stay for long. */
  #handshake: { readonly upgrade: Upgrade; readonly outcome: Outcome } | undefined;
  #link: ClientLink | undefined;
  #heard = (): void => {};
  #closeSent = false;
  /** Of the server's close frame. */
  #goodbye: CloseReason | undefined;

  constructor({ url, limits, cookies, options, localAddress, onMessage, onText }: ConnectOptions, outcome: Outcome) {
    this.#options = {
      limits,
      ...(cookies && { cookies }),
      ...(options && { options }),
      onMessage,
      ...(onText && { onText }),
    };
    const target = new URL(url);
    this.#handshake = { upgrade: new Upgrade(target, cookies?.header(), options), outcome };
    this.#socket = openSocket(target, (chunk) => this.#read(chunk), localAddress);
    this.#outbox = new Outbox(this.#socket, encodeMaskedFrame);
    this.#frames = new FrameReader(limits.payloadBytesMax, this);
    const hungUp = (): void => this.#lost(new Error("socket hang up"), "close code 1006");
    this.#socket
      .once(readyEvent(target), () => this.#socket.write(this.#handshake!.upgrade.request, "latin1"))
      .on("error", (error) => this.#lost(error, error.message))
      .on("end", hungUp)
      .on("close", hungUp);
  }

  #read(chunk: Buffer): void {
    if (this.#handshake === undefined) {
      this.#heard();
      this.#frames.push(chunk);
      return;
    }
    const { upgrade, outcome } = this.#handshake;
    try {
      const agreed = upgrade.push(chunk);
      if (agreed === undefined) return;
      this.#handshake = undefined;
      this.#options.cookies?.keep(agreed.setCookies);
      this.#link = new ClientLink(this, this.#options.limits);
      this.#heard = this.#link.watch(this.#options.options);
      outcome.resolve(this.#link);
      this.#frames.push(agreed.rest);
    } catch (error) {
      if (this.#link !== undefined) throw error;
      outcome.reject(error);
    }
  }

  #lost(cause: Error, message: string): void {
    this.#handshake?.outcome.reject(cause);
    this.#link?.ended(this.#goodbye ?? { by: "network", message });
  }

  #sendClose(code: number): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    const body = Buffer.alloc(code === 1005 ? 0 : 2);
    if (code !== 1005) body.writeUInt16BE(code, 0);
    this.#outbox.put(opcodes.close, body, body.byteLength);
  }

  text(utf8: Buffer): void {
    const { onMessage, onText } = this.#options;
    if (onText === undefined) onMessage(utf8.toString());
    else onText(utf8);
  }

  binary(bytes: Buffer): void {
    this.#options.onMessage(Buffer.from(bytes));
  }

  /** A peer that asks without reading what it is answered gets no more than what others may have waiting. */
  ping(bytes: Buffer): void {
    if (this.#closeSent || this.#outbox.bufferedBytes > this.#options.limits.queueBytesMax) return;
    this.#outbox.put(opcodes.pong, bytes, bytes.byteLength);
  }

  /** The server ends the connection first (RFC 6455 section 7.1.1), but is not waited for for ever. */
  close(code: number, reason: string): void {
    this.#goodbye = { by: "server", message: `close code ${code}${reason === "" ? "" : ` (${reason})`}` };
    this.#sendClose(code);
    this.#socket.end();
    setTimeout(() => this.#link?.ended(this.#goodbye!), closeWaitMs).unref();
  }

  malformed(code: number, reason: string): void {
    this.#sendClose(code);
    this.#link?.ended({ by: "network", message: reason });
  }

  transmit(payload: Payload, bytes: number): void {
    this.#outbox.put(typeof payload === "string" ? opcodes.text : opcodes.binary, payload, bytes);
  }

  transmitText(utf8: Uint8Array): void {
    this.#outbox.put(opcodes.text, utf8, utf8.byteLength);
  }

  together(sends: () => void): void {
    this.#outbox.together(sends);
  }

  writes(): number {
    return this.#outbox.writes;
  }

  bufferedBytes(): number {
    return this.#outbox.bufferedBytes;
  }

  end(): void {
    this.#sendClose(1000);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
