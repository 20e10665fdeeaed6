/**
 * A way to a server that can be cut, stalled, delayed and throttled on order: bytes in, bytes out, whatever they mean.
 * Between a node and its broker, the broker and the other nodes go on.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { nowNs } from "../../protocol/clock.ts";
import { Lane } from "./lane.ts";
import { type Impairment, Link, type LinkReading } from "./link.ts";
import { reset } from "./reset.ts";

export interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

/** Towards the server, and back. */
export interface Impairments {
  readonly up?: Impairment;
  readonly down?: Impairment;
  /**
   * How long a new connection takes before its first byte can leave: the round trip of the TCP handshake (RFC 9293), which
   * a relay that accepts by itself would spare. Of the way to the server it takes half.
   */
  readonly connectMs?: number;
}

export interface RelayReading {
  /** Made since it listens. */
  readonly connections: number;
  readonly up: LinkReading;
  readonly down: LinkReading;
}

interface Joined {
  readonly near: Socket;
  readonly far: Socket;
  readonly lanes: readonly Lane[];
}

export class Relay implements AsyncDisposable {
  readonly #target: RelayTarget;
  readonly #host: string;
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) =>
    this.#accept(near),
  );
  readonly #joined = new Set<Joined>();
  /** Came during a stall: neither refused nor served. */
  readonly #waiting = new Set<Socket>();
  readonly #up = new Link(1);
  readonly #down = new Link(2);
  #connectMs = 0;
  #state: "whole" | "stalled" | "cut" = "whole";
  #connections = 0;
  #port = 0;

  private constructor(target: RelayTarget, host: string) {
    this.#target = target;
    this.#host = host;
  }

  /** Resolves when it listens at an address of loopback; port 0 or absent takes a free one. */
  static async to(target: RelayTarget, port = 0, host = "127.0.0.1"): Promise<Relay> {
    const relay = new Relay(target, host);
    await relay.#listen(port);
    relay.#port = (relay.#server.address() as AddressInfo).port;
    return relay;
  }

  get port(): number {
    return this.#port;
  }

  async #listen(port: number): Promise<void> {
    await once(this.#server.listen(port, this.#host), "listening");
  }

  /** For bytes that are read from now on. */
  impose({ up = {}, down = {}, connectMs = 0 }: Impairments): void {
    this.#up.impose(up);
    this.#down.impose(down);
    this.#connectMs = connectMs;
  }

  /** Resets every connection and every new one, until it is healed; what was under way is lost. Returns when. */
  cut(): number {
    this.#state = "cut";
    for (const { near, far } of this.#joined) {
      reset(near);
      reset(far);
    }
    for (const near of this.#waiting) reset(near);
    this.#waiting.clear();
    return nowNs();
  }

  /** Resets every connection and does not listen, so that the kernel refuses new ones, until it is healed. Returns when. */
  refuse(): number {
    this.#server.close();
    return this.cut();
  }

  /** Lets nothing through, without a word to anybody, until it is healed; what was under way then arrives late. */
  stall(): number {
    this.#state = "stalled";
    for (const { lanes } of this.#joined) for (const lane of lanes) lane.stall();
    return nowNs();
  }

  /** Everything is as it was, but for what was cut. Resolves with when. */
  async heal(): Promise<number> {
    this.#state = "whole";
    if (!this.#server.listening) await this.#listen(this.#port);
    for (const { lanes } of this.#joined) for (const lane of lanes) lane.goOn();
    for (const near of this.#waiting) this.#join(near);
    this.#waiting.clear();
    return nowNs();
  }

  read(): RelayReading {
    return { connections: this.#connections, up: this.#up.read(), down: this.#down.read() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    if (this.#server.listening) await once(this.#server.close(), "close");
  }

  #accept(near: Socket): void {
    this.#connections++;
    near.on("error", () => {});
    if (this.#connectMs === 0) this.#admit(near, 0);
    else {
      const madeNs = nowNs() + this.#connectMs * 1e6;
      // The handshake's first segment is at the server then.
      const timer = setTimeout(() => this.#admit(near, madeNs), this.#connectMs / 2);
      near.once("close", () => clearTimeout(timer));
    }
  }

  #admit(near: Socket, madeNs: number): void {
    if (this.#state === "cut") reset(near);
    else if (this.#state === "stalled") {
      this.#waiting.add(near);
      near.once("close", () => this.#waiting.delete(near));
    } else this.#join(near, madeNs);
  }

  #join(near: Socket, madeNs = 0): void {
    const far = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    far.on("error", () => {});
    const joined = { near, far, lanes: [new Lane(this.#up, near, far, madeNs), new Lane(this.#down, far, near)] };
    this.#joined.add(joined);
    const gone = (): void => {
      if (near.destroyed && far.destroyed) this.#joined.delete(joined);
    };
    near.once("close", gone);
    far.once("close", gone);
    near.resume();
  }
}
