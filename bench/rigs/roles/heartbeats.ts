/** A user who is connected and silent, behind a tap: what is heard of it and of the server, heartbeat by heartbeat. */
import { trustCertificate } from "../../../clients/connection/trust.ts";
import { addressOf } from "../../../protocol/address.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { type Direction, defaultLimits, type Options } from "../../../protocol/contract.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { median } from "../../../results/statistics/moments.ts";
import { through } from "../../relay/way.ts";
import { type Piece, Wiretap } from "../../relay/wiretap.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";
import { segmentBytesMax } from "./wire.ts";

export interface HeartbeatsOrder {
  readonly url: string;
  readonly certificate: string | undefined;
  readonly protocol: string;
  readonly options: Options;
  /** Of the heartbeat. */
  readonly everyMs: number;
  /** Counted, after what the connection took to be made. */
  readonly heartbeats: number;
}

/** Of one heartbeat with whatever answers it; the middle of all. */
export interface HeartbeatsReport {
  readonly upBytes: number;
  readonly downBytes: number;
  /** With data as heard, without by arithmetic. */
  readonly packets: number;
}

/** RFC 9293 sections 3.5 and 3.6: a connection takes three segments to be made, and four to be ended. */
const packetsPerConnection = 3 + 4;
const connectWaitMs = 20_000;

export const heartbeats: Role<HeartbeatsOrder, HeartbeatsReport> = {
  name: "heartbeats",
  async run({ url, certificate, protocol, options, everyMs, heartbeats: wanted }) {
    learnSecrets(url);
    trustCertificate(certificate);
    const client = await loadClient(protocol, "library");
    const ear = new Ear(everyMs / 2);
    await using tap = await Wiretap.on(addressOf(url), undefined, (piece) => ear.hear(piece));
    const connection = await client.connect({
      url: through(url, tap.port),
      options,
      limits: defaultLimits,
      user: 0,
      signal: AbortSignal.timeout(connectWaitMs),
      onMessage: () => {},
    });
    const lost = connection.closed.then(({ message }) => Promise.reject(new Error(`no heartbeat: ${message}`)));
    const heard = await Promise.race([ear.next(wanted), lost]);
    lost.catch(() => {});
    const middle = (of: (said: Heartbeat) => number): number => median(heard.map(of));
    return {
      upBytes: middle(({ pieces }) => bytesOf(pieces.filter(({ direction }) => direction === "up"))),
      downBytes: middle(({ pieces }) => bytesOf(pieces.filter(({ direction }) => direction === "down"))),
      packets: middle(packetsOf),
    };
  },
};

interface Heard extends Pick<Piece, "connection" | "direction"> {
  readonly bytes: number;
}

interface Heartbeat {
  readonly pieces: Heard[];
  /** Of those heard before. */
  readonly connectionsBefore: number;
}

/**
 * Tells one heartbeat from the next. Each begins with a word of the server: a ping, a comment, the answer to a poll. It follows
 * one of the client's, or, where clients say nothing, a silence.
 */
class Ear {
  readonly #silenceMs: number;
  readonly #heard: Heartbeat[] = [];
  #last: { readonly atNs: number; readonly direction: Direction } | undefined;
  #connections = 0;
  #begun = (): void => {};

  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  hear({ connection, direction, bytes }: Piece): void {
    const [atNs, before] = [nowNs(), this.#last];
    this.#last = { atNs, direction };
    const follows = before === undefined || before.direction === "up" || atNs - before.atNs > this.#silenceMs * 1e6;
    const begins = direction === "down" && follows;
    if (begins) this.#heard.push({ pieces: [], connectionsBefore: this.#connections });
    this.#heard.at(-1)?.pieces.push({ connection, direction, bytes: bytes.length });
    this.#connections = Math.max(this.#connections, connection);
    if (begins) this.#begun();
  }

  /** Resolves with so many that come from now on. The first to begin ends what the connection took to be made. */
  async next(count: number): Promise<readonly Heartbeat[]> {
    const first = this.#heard.length;
    // Of the last only that it begins is waited for: so the one before is over.
    while (this.#heard.length <= first + count) {
      await new Promise<void>((resolve) => {
        this.#begun = resolve;
      });
    }
    return this.#heard.slice(first, first + count);
  }
}

const bytesOf = (pieces: readonly Heard[]): number => pieces.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * What is said at a stretch goes in as few segments as carry it. Who answers acknowledges with the answer (RFC 9293 section
 * 3.8.6.3), so that only the last word on a connection is acknowledged by a segment of its own.
 */
function packetsOf({ pieces, connectionsBefore }: Heartbeat): number {
  let packets = 0;
  for (const [connection, said] of Map.groupBy(pieces, (piece) => piece.connection)) {
    const stretches: Heard[][] = [];
    for (const piece of said) {
      if (stretches.at(-1)?.[0]?.direction === piece.direction) stretches.at(-1)!.push(piece);
      else stretches.push([piece]);
    }
    const segments = stretches.reduce((sum, stretch) => sum + Math.ceil(bytesOf(stretch) / segmentBytesMax), 0);
    packets += segments + 1 + (connection > connectionsBefore ? packetsPerConnection : 0);
  }
  return packets;
}
