/**
 * The observer: a second process at the wire. Users connect to it instead of to the server; it hands every byte on and
 * writes down by its own clock when each message came and when it went. It shares nothing with the code under test
 * but the calls by which the driver starts it and asks what it saw.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { answerCalls } from "../../rigs/processes/remote.ts";
import { MessageFinder, Unmasker } from "./finder.ts";

/** What the relay does to the bytes of one direction, so that there is something to see. */
export interface Impairment {
  /** From reading to handing on. */
  readonly holdMs: number;
  /** What was read at a time is handed on in so many pieces, with a pause between two. */
  readonly pieces: number;
  readonly pauseMs: number;
}

export interface RelayOrder {
  readonly host: string;
  readonly port: number;
  readonly payloadBytes: number;
  /** Clients mask what they send, as WebSocket has it. */
  readonly masked: boolean;
  readonly up?: Impairment;
  readonly down?: Impairment;
}

/** A message that crossed the relay; instants of the host's monotonic clock in nanoseconds. */
export interface Crossing {
  /** The message's header as text; no two messages have the same. */
  readonly header: string;
  /** Of the relay, in the order in which they were made. */
  readonly connection: number;
  /** When its last byte had been read. */
  readonly seenNs: number;
  /** Just before its last byte was handed on: whoever receives it does so later. */
  readonly passedNs: number;
}

export interface Crossings {
  /** To the server, in order. */
  readonly up: Crossing[];
  readonly down: Crossing[];
  /** Bytes read from clients and from servers. */
  readonly upBytes: number;
  readonly downBytes: number;
}

const untouched: Impairment = { holdMs: 0, pieces: 1, pauseMs: 0 };

function nowNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

class Direction {
  crossings: Crossing[] = [];
  bytes = 0;
  readonly #order: RelayOrder;
  readonly #impairment: Impairment;
  readonly #masked: boolean;

  constructor(order: RelayOrder, impairment: Impairment, masked: boolean) {
    this.#order = order;
    this.#impairment = impairment;
    this.#masked = masked;
  }

  /** Hands on all that `from` sends, in order. */
  carry(connection: number, from: Socket, to: Socket): void {
    const arriving = new MessageFinder(this.#order.payloadBytes);
    const leaving = new MessageFinder(this.#order.payloadBytes);
    const unmasker = this.#masked ? new Unmasker() : undefined;
    /** When each message that has not left yet was seen. */
    const seen: number[] = [];
    let last: Promise<void> | undefined;
    const write = (bytes: Buffer, read: Buffer): void => {
      const passedNs = nowNs();
      for (const header of leaving.push(read)) {
        this.crossings.push({ header, connection, seenNs: seen.shift()!, passedNs });
      }
      to.write(bytes);
    };
    from.on("data", (chunk: Buffer) => {
      const seenNs = nowNs();
      this.bytes += chunk.length;
      const read = unmasker?.push(chunk) ?? chunk;
      for (const _ of arriving.push(read)) seen.push(seenNs);
      if (this.#impairment === untouched) write(chunk, read);
      else last = this.#impair(chunk, seenNs, last, (piece) => write(piece, unmasker === undefined ? piece : read));
    });
    from.on("end", () => void (last ?? Promise.resolve()).then(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => void (last ?? Promise.resolve()).then(() => to.destroySoon()));
  }

  async #impair(
    chunk: Buffer,
    seenNs: number,
    before: Promise<void> | undefined,
    write: (piece: Buffer) => void,
  ): Promise<void> {
    const { holdMs, pauseMs } = this.#impairment;
    // What is masked cannot be read in pieces.
    const pieces = this.#masked ? 1 : this.#impairment.pieces;
    await before;
    const pieceBytes = Math.ceil(chunk.length / pieces);
    for (let piece = 0; piece < pieces; piece++) {
      await until(seenNs + (holdMs + piece * pauseMs) * 1e6);
      write(chunk.subarray(piece * pieceBytes, (piece + 1) * pieceBytes));
    }
  }
}

async function until(ns: number): Promise<void> {
  for (let leftMs = (ns - nowNs()) / 1e6; leftMs > 0; leftMs = (ns - nowNs()) / 1e6) {
    await new Promise((resolve) => void setTimeout(resolve, Math.max(1, leftMs)));
  }
}

let [up, down]: [Direction | undefined, Direction | undefined] = [undefined, undefined];

const api = {
  async listen(order: RelayOrder): Promise<{ port: number }> {
    up = new Direction(order, order.up ?? untouched, order.masked);
    down = new Direction(order, order.down ?? untouched, false);
    let connections = 0;
    const server = createServer({ noDelay: true }, (client) => {
      const connection = connections++;
      const upstream = connect({ host: order.host, port: order.port, noDelay: true });
      up!.carry(connection, client, upstream);
      down!.carry(connection, upstream, client);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    return { port: (server.address() as AddressInfo).port };
  },
  /** Since the last call. */
  async crossings(): Promise<Crossings> {
    const taken = { up: up!.crossings, down: down!.crossings, upBytes: up!.bytes, downBytes: down!.bytes };
    for (const direction of [up!, down!]) {
      direction.crossings = [];
      direction.bytes = 0;
    }
    return taken;
  },
};

export type RelayApi = typeof api;

answerCalls(api);
