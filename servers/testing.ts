/** What the tests of servers share: a server with small limits, and a peer that writes whatever bytes it likes. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { trustCertificate } from "../clients/connection/trust.ts";
import {
  type Behaviour,
  type ClientConnection,
  defaultLimits,
  type Limits,
  type ListenOptions,
  type Options,
  type Payload,
  type ProtocolClient,
  type ProtocolServer,
  type RunningServer,
  type SharedConnection,
} from "../protocol/contract.ts";

export const echo: Behaviour = (connection) => ({ message: (payload) => connection.send(payload), closed() {} });

/** Starts a server on a free port, trusted by the clients of this process, and closes it after the test. */
export async function start(
  t: TestContext,
  server: { listen(options: ListenOptions): Promise<RunningServer> },
  limits: Partial<Limits> = {},
  behaviour: Behaviour = echo,
  options: Options = {},
): Promise<RunningServer> {
  const running = await server.listen({
    host: "127.0.0.1",
    port: 0,
    behaviour,
    limits: { ...defaultLimits, ...limits },
    options,
  });
  trustCertificate(running.certificate);
  t.after(() => running.close());
  return running;
}

/** For a handshake or a request that is to take too long; all others may take longer than a busy machine needs for them. */
export const shortMs = 50;

/**
 * Starts a server, and tells how many milliseconds a handshake and a request may take where it is Node's HTTP that sees to that,
 * by a clock that no test can move.
 */
export async function startTimed(
  t: TestContext,
  server: ProtocolServer,
  limits: Partial<Limits> = {},
  behaviour: Behaviour = echo,
  options: Options = {},
): Promise<RunningServer & { allow(ms: number): void }> {
  const overHttp: HttpServer[] = [];
  const listens = (message: unknown): void => {
    const { server } = message as { server: object };
    // Which it reads once it listens: how often it looks whether somebody is late.
    if ("requestTimeout" in server)
      overHttp.push(Object.assign(server as HttpServer, { connectionsCheckingInterval: shortMs }));
  };
  const channel = "tracing:net.server.listen:asyncStart";
  subscribe(channel, listens);
  const running = await start(t, server, limits, behaviour, options);
  unsubscribe(channel, listens);
  const allow = (ms: number): void => {
    for (const server of overHttp) Object.assign(server, { headersTimeout: ms, requestTimeout: ms });
  };
  return Object.assign(running, { allow });
}

/**
 * Has the time of this process pass, over and over, until `event` has happened: for what waits for a timer, however slow the
 * machine is. Nothing else may wait for one meanwhile, since it is over at once.
 */
export async function timePassing<T>({ mock, signal }: TestContext, event: Promise<T>, ms = 60_000): Promise<T> {
  let isOver = false;
  const over = event.finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  for (; !isOver && !signal.aborted; await turn()) mock.timers.tick(ms);
  return await over;
}

/** Connects as a user; messages are in `received`, and `next` waits for one. */
export async function join(
  client: ProtocolClient,
  url: string,
  limits: Partial<Limits> = {},
  options: Options = {},
  sharedBy?: SharedConnection,
): Promise<ClientConnection & { readonly received: Payload[]; next(): Promise<Payload> }> {
  const received: Payload[] = [];
  const waiting: ((payload: Payload) => void)[] = [];
  let taken = 0;
  const connection = await client.connect({
    url,
    limits: { ...defaultLimits, ...limits },
    user: 0,
    options: { "poll-interval": "5ms", ...options },
    sharedBy,
    signal: AbortSignal.timeout(60_000),
    onMessage(payload) {
      received.push(payload);
      waiting.shift()?.(payload);
    },
  });
  return Object.assign(connection, {
    received,
    next: () =>
      new Promise<Payload>((resolve) => {
        const payload = received[taken++];
        if (payload === undefined) waiting.push(resolve);
        else resolve(payload);
      }),
  });
}

/** Resolves if a healthy user is served as if nothing had happened. */
export async function stillServes(client: ProtocolClient, url: string): Promise<void> {
  const user = await join(client, url);
  user.send("still there?");
  const answer = await user.next();
  await user.close();
  if (answer !== "still there?") throw new Error(`expected the echo, got ${String(answer)}`);
}

/** Schemes of TLS from the first byte. */
const secured = /^(https|wss|tcps|xmpps):/;

/**
 * A TCP socket whose bytes are the test's own, through TLS where the URL's scheme says so. What comes back is kept as
 * Latin-1, one character per byte.
 */
export class RawPeer {
  readonly socket: Socket;
  readonly #below: Socket;
  #received = "";

  private constructor(socket: Socket, below: Socket) {
    this.socket = socket;
    this.#below = below;
    socket.on("data", (chunk) => {
      this.#received += chunk.toString("latin1");
    });
    socket.on("error", () => {});
  }

  static async connect(t: TestContext, url: string): Promise<RawPeer> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    t.after(() => socket.destroy());
    await once(socket, "connect");
    if (!secured.test(url)) return new RawPeer(socket, socket);
    const inner = connectTls({ socket, rejectUnauthorized: false });
    await once(inner, "secureConnect");
    return new RawPeer(inner, socket);
  }

  /** Ends the connection without a goodbye: the server sees a reset. */
  reset(): void {
    this.#below.resetAndDestroy();
  }

  get received(): string {
    return this.#received;
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Resolves with everything received once it matches; rejects if the server ends before. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#received)) {
      if (this.socket.readableEnded || this.socket.destroyed) {
        throw new Error(`expected ${pattern}, got the end after: ${this.#received.slice(0, 500)}`);
      }
      await this.#news();
    }
    return this.#received;
  }

  /** Resolves with everything received once the server has ended the connection, orderly or not. */
  async untilEnd(): Promise<string> {
    while (!this.socket.readableEnded && !this.socket.destroyed) await this.#news();
    return this.#received;
  }

  /** Reads no more until it is resumed, so that the server's buffers fill. */
  stopReading(): this {
    this.socket.pause();
    return this;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const events = ["data", "end", "close"];
      const done = (): void => {
        for (const event of events) this.socket.off(event, done);
        resolve();
      };
      for (const event of events) this.socket.on(event, done);
    });
  }
}

/** The opening handshake of a WebSocket (RFC 6455 section 4.1); an empty value leaves a header out. */
export const webSocketUpgrade = (headers: Record<string, string> = {}, path = "/"): string => {
  const lines = {
    Host: "x",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const text = Object.entries(lines).filter(([, value]) => value !== "");
  return `GET ${path} HTTP/1.1\r\n${text.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
};

/** A peer whose upgrade is done. */
export async function webSocketPeer(t: TestContext, url: string, upgrade = webSocketUpgrade()): Promise<RawPeer> {
  const peer = await RawPeer.connect(t, url);
  await peer.write(upgrade).until(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
  return peer;
}

/** RFC 6455 section 5.2. */
export const opcodes = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9 } as const;

/** One final frame of a WebSocket; masked with zeros, which leaves the payload readable. */
export function webSocketFrame(opcode: number, payload: Uint8Array | string, { masked = true } = {}): Buffer {
  const body = Buffer.from(payload as string);
  const length =
    body.byteLength < 126 ? Buffer.of(body.byteLength) : Buffer.of(126, body.byteLength >> 8, body.byteLength);
  length[0]! |= masked ? 0x80 : 0;
  return Buffer.concat([Buffer.of(0x80 | opcode), length, Buffer.alloc(masked ? 4 : 0), body]);
}

/** A close frame with this code, as it looks in what a `RawPeer` received. */
export const closeFrame = (code: number): RegExp =>
  new RegExp(
    `\\x88[\\s\\S]${String.fromCharCode(code >> 8)}${String.fromCharCode(code & 255).replace(/[\W]/, "\\$&")}`,
  );
