import type {
  ClientConnection,
  CloseReason,
  ConnectOptions,
  Payload,
  ProtocolClient,
} from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import {
  decodeNodePacket,
  disconnectPacket,
  encodeConnect,
  encodeText,
  type NodePacket,
  pongPacket,
  type Recovery,
} from "../../protocol/wires/socketio.ts";
import { connectError } from "../connection/handshake.ts";
import { leanWebsocketClient } from "./websocket.ts";

/** What a user remembers from one connection to the next, as the library's own client does. */
type Remembered = { -readonly [Name in keyof Recovery]?: Recovery[Name] };

/**
 * Users of Socket.IO nodes, with little on top of the socket. `recover`: who comes back asks for what it missed (connection
 * state recovery).
 */
export function socketIoClient({ recover }: { readonly recover: boolean }): ProtocolClient {
  const remembered = new Map<number, Remembered>();
  return {
    connect(options) {
      const own = remembered.get(options.user) ?? {};
      if (recover) remembered.set(options.user, own);
      return new Connecting(options, own).connection();
    },
  };
}

/** From the first byte to the node's leave to speak. */
class Connecting {
  readonly #options: ConnectOptions;
  readonly #remembered: Remembered;
  readonly #admitted = Promise.withResolvers<void>();
  readonly #socket: Promise<ClientConnection>;
  /** What was missed comes before the answer to who comes back for it; absent: the node has answered. */
  #early: Buffer[] | undefined = [];

  constructor(options: ConnectOptions, remembered: Remembered) {
    this.#options = options;
    this.#remembered = remembered;
    // Also where nobody waits for it yet.
    this.#admitted.promise.catch(() => {});
    this.#socket = leanWebsocketClient.connect({
      ...options,
      onMessage: (payload) => options.onMessage(payload),
      onText: (frame) => this.#take(frame),
    });
  }

  async connection(): Promise<ClientConnection> {
    const { url, signal } = this.#options;
    const socket = await this.#socket;
    const giveUp = (): void => this.#admitted.reject(connectError(url, signal.reason, signal));
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    void socket.closed.then(({ message }) => this.#refused(message));
    try {
      await this.#admitted.promise;
      return new SocketIoConnection(socket);
    } catch (error) {
      void socket.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  #take(frame: Buffer): void {
    const packet = decodeNodePacket(frame);
    switch (packet.type) {
      case "open": {
        const { pid, offset } = this.#remembered;
        this.#say(encodeConnect(pid === undefined || offset === undefined ? undefined : { pid, offset }));
        break;
      }
      case "ping":
        this.#say(pongPacket);
        break;
      case "connected":
        this.#connected(packet.pid);
        break;
      case "refused":
        this.#refused(packet.reason);
        break;
      case "disconnected":
        this.#refused("the node ended it at once");
        break;
      case "text":
        this.#text(packet);
        break;
      case "unknown":
        this.#options.onMessage(frame.toString());
        break;
    }
  }

  #connected(pid: string | undefined): void {
    if (pid !== undefined) this.#remembered.pid = pid;
    this.#admitted.resolve();
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const text of early) this.#hand(text);
  }

  #text({ text, offset }: Extract<NodePacket, { type: "text" }>): void {
    if (offset !== undefined) this.#remembered.offset = offset;
    if (this.#early === undefined) this.#hand(text);
    else this.#early.push(Buffer.from(text));
  }

  #hand(text: Buffer): void {
    const { onText, onMessage } = this.#options;
    if (onText === undefined) onMessage(text.toString());
    else onText(text);
  }

  #refused(reason: string): void {
    this.#admitted.reject(new WirebenchError("connect-failed", `the node did not let the user in: ${reason}`));
  }

  /** In order, since all wait for the same promise. */
  #say(packet: string): void {
    this.#socket.then(
      (socket) => sayIfOpen(socket, packet),
      () => {},
    );
  }
}

class SocketIoConnection implements ClientConnection {
  readonly closed: Promise<CloseReason>;
  readonly #socket: ClientConnection;
  #acknowledgements = 0;

  constructor(socket: ClientConnection) {
    this.#socket = socket;
    this.closed = socket.closed;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  send(payload: Payload): void {
    if (typeof payload !== "string") throw new WirebenchError("usage", "a channel over Socket.IO carries texts only");
    this.#socket.send(encodeText(this.#acknowledgements++, payload));
  }

  close(): Promise<void> {
    sayIfOpen(this.#socket, disconnectPacket);
    return this.#socket.close();
  }
}

/** What a connection that has ended, or a peer that does not read, is not told does not matter any more. */
function sayIfOpen(socket: ClientConnection, packet: string): void {
  try {
    socket.send(packet);
  } catch (error) {
    if (!(error instanceof WirebenchError)) throw error;
  }
}
