import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** Bytes that crossed the sockets of this process's clients: above TCP, below everything else, TLS included. */
export interface WireBytes {
  sent: number;
  received: number;
}

/** TLS handshakes of this process's clients that came to their end. */
export interface TlsHandshakes {
  /** With the server's certificate and its signature. */
  full: number;
  /** Of a session that was begun before (RFC 8446 section 2.2): cheaper, for both sides. */
  resumed: number;
}

/** What Node's handle of a TCP socket counts by itself. */
interface CountedHandle {
  readonly bytesWritten: number;
  readonly bytesRead: number;
  close(...args: unknown[]): unknown;
}

/**
 * Counts the bytes of every TCP connection this process opens, whichever library opens it, through Node's own
 * `net.client.socket` channel. So no protocol has a say in how its bytes are counted, and foreign servers are
 * counted too. Of a TLS connection these are the records and the handshake, not what was in them.
 */
export class WireByteCounter {
  readonly #open = new Set<{ readonly bytesWritten: number; readonly bytesRead: number }>();
  readonly #closed: WireBytes = { sent: 0, received: 0 };
  readonly #ciphers = new Set<string>();
  readonly #handshakes: TlsHandshakes = { full: 0, resumed: 0 };
  #connections = 0;

  constructor() {
    subscribe("net.client.socket", (message) => this.#track((message as { socket: Socket }).socket));
  }

  read(): WireBytes {
    const total = { ...this.#closed };
    for (const counted of this.#open) add(total, counted);
    return total;
  }

  /** TCP connections that were begun so far. */
  get connections(): number {
    return this.#connections;
  }

  /** TLS version and cipher suite of every encrypted connection so far, each once; empty where none was encrypted. */
  get ciphers(): readonly string[] {
    return [...this.#ciphers];
  }

  get tlsHandshakes(): Readonly<TlsHandshakes> {
    return { ...this.#handshakes };
  }

  #track(socket: Socket): void {
    this.#connections++;
    if (socket instanceof TLSSocket) this.#trackTls(socket);
    else {
      this.#open.add(socket);
      socket.once("close", () => this.#ended(socket));
    }
  }

  /**
   * A TLS socket counts what goes into its records; the handle below it counts the records. Which handle that is, is
   * known once one of the addresses of a name has answered, and nothing has crossed it then. It must be read before it
   * is closed, and closes before the socket says so.
   */
  #trackTls(socket: TLSSocket): void {
    socket.once("connect", () => {
      const handle = handleBelow(socket);
      this.#open.add(handle);
      const close = handle.close;
      handle.close = (...args) => {
        this.#ended(handle);
        return close.apply(handle, args);
      };
    });
    socket.once("secureConnect", () => {
      this.#ciphers.add(`${socket.getProtocol()} ${socket.getCipher().standardName}`);
      this.#handshakes[socket.isSessionReused() ? "resumed" : "full"]++;
    });
  }

  #ended(counted: { readonly bytesWritten: number; readonly bytesRead: number }): void {
    if (this.#open.delete(counted)) add(this.#closed, counted);
  }
}

/** Node has no public name for it. Rather no count than a wrong one: a Node without it fails the connection. */
function handleBelow(socket: TLSSocket): CountedHandle {
  const { _handle } = socket as unknown as { _handle?: { _parent?: CountedHandle } };
  const below = _handle?._parent;
  if (typeof below?.bytesWritten !== "number" || typeof below.bytesRead !== "number") {
    throw new TypeError("this Node.js does not tell the bytes below TLS");
  }
  return below;
}

function add(total: WireBytes, counted: { readonly bytesWritten: number; readonly bytesRead: number }): void {
  total.sent += counted.bytesWritten;
  total.received += counted.bytesRead;
}
