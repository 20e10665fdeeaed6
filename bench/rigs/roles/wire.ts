/** Sends one message after the other through a tap and takes apart what is heard of each and of its echo. */
import { connectAlone } from "../../../load/users/lone-client.ts";
import { addressOf } from "../../../protocol/address.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { Direction, Options, PayloadForm } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { seededRandom } from "../../../protocol/random.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import type { Capture, Layer } from "../../../results/contract/capture.ts";
import { median } from "../../../results/statistics/moments.ts";
import {
  type Carrier,
  dissect,
  type SoughtPayload,
  tlsParts,
  tlsRecordFraming,
} from "../../relay/dissection/dissect.ts";
import type { Part } from "../../relay/dissection/part.ts";
import { through } from "../../relay/way.ts";
import { type Piece, Wiretap } from "../../relay/wiretap.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

export interface WireOrder {
  readonly url: string;
  readonly protocol: string;
  readonly options: Options;
  readonly form: PayloadForm;
  readonly payloadBytes: number;
  /** Counted, after one that is not; fewer than nine, so that whatever counts them in digits needs one. */
  readonly messages: number;
  /** Undefined for one that nobody can read from outside, such as what is compressed. */
  readonly carrier: Carrier | undefined;
  /** Whether a text wire carries bytes in base64. */
  readonly isText: boolean;
  /** Whether the client asks by a clock of its own, so that it is never silent. */
  readonly isPolled: boolean;
  /** Whether bytes are told, too. */
  readonly captures: boolean;
}

/** Of one message and its echo, in one direction; the middle of all messages. */
export interface LayerBytes {
  /** Above TCP. */
  readonly total: number;
  /** Undefined where a handshake is among it. */
  readonly tls: number | undefined;
  /** Undefined where it cannot be told apart from the rest. */
  readonly http: number | undefined;
  /** As few as carry that much, see `segmentBytesMax`. */
  readonly segments: number;
}

export type WireReport = Readonly<Record<Direction, LayerBytes>> & { readonly captures: readonly Capture[] };

/** RFC 9293 section 3.7.1: an Ethernet frame of 1500 B, without the headers of IPv4 and TCP. */
export const segmentBytesMax = 1460;
/** Nothing more is on the way once that long nothing was heard. */
const quietMs = 25;

export const wire: Role<WireOrder, WireReport> = {
  name: "wire",
  async run(order) {
    const { url, protocol, options, isPolled } = order;
    learnSecrets(url);
    const client = await loadClient(protocol, "library");
    const ear = new Ear();
    await using tap = await Wiretap.on(addressOf(url), undefined, (piece) => ear.hear(piece));
    const user = await connectAlone(client, { url: through(url, tap.port), options });
    const exchange = async (): Promise<readonly Piece[]> => {
      await (isPolled ? ear.answer() : ear.silence());
      ear.begin();
      await user.echo(payloadOf(order));
      // One that asks by its clock goes on asking; what belongs to this message has come before its echo.
      if (!isPolled) await ear.silence();
      return ear.heard;
    };
    await exchange();
    const exchanges: (readonly Piece[])[] = [];
    while (exchanges.length < order.messages) exchanges.push(await exchange());
    await user.close();
    const counted = (direction: Direction): LayerBytes =>
      middleOf(exchanges.map((pieces) => bytesOf(pieces, direction, order)));
    return {
      up: counted("up"),
      down: counted("down"),
      captures: order.captures ? capturesOf(exchanges[0]!, order) : [],
    };
  },
};

/** What the tap tells. */
class Ear {
  heard: Piece[] = [];
  #lastNs = nowNs();
  #answered = (): void => {};

  hear(piece: Piece): void {
    this.heard.push({ ...piece, bytes: Buffer.from(piece.bytes) });
    this.#lastNs = nowNs();
    if (piece.direction === "down") this.#answered();
  }

  begin(): void {
    this.heard = [];
  }

  /** Resolves when the server has said something. */
  answer(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  /** Resolves when nobody has said anything for a while. */
  async silence(): Promise<void> {
    for (;;) {
      const leftMs = quietMs - (nowNs() - this.#lastNs) / 1e6;
      if (leftMs <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, Math.ceil(leftMs)));
    }
  }
}

/** Letters that no wire escapes, or bytes that are found only once. */
function payloadOf({ form, payloadBytes }: Pick<WireOrder, "form" | "payloadBytes">): string | Buffer {
  if (form === "text") return "wirebench ".repeat(Math.ceil(payloadBytes / 10)).slice(0, payloadBytes);
  const random = seededRandom(1);
  return Buffer.from(Array.from({ length: payloadBytes }, () => Math.floor(random() * 256)));
}

function soughtIn(order: WireOrder): SoughtPayload {
  const payload = payloadOf(order);
  if (typeof payload === "string") return { bytes: Buffer.from(payload), isEncoded: false };
  return order.isText
    ? { bytes: Buffer.from(payload.toString("base64")), isEncoded: true }
    : { bytes: payload, isEncoded: false };
}

function partsOf(bytes: Buffer, order: WireOrder): Part[] {
  if (isTls(bytes)) return tlsParts(bytes);
  if (order.carrier === undefined) return [{ layer: "framing", what: "not told apart", bytes }];
  return dissect(bytes, order.carrier, soughtIn(order));
}

/** Whether a connection is made with them (RFC 8446 section 5.1). */
const isHandshake = (bytes: Buffer): boolean => bytes.subarray(0, 2).equals(Buffer.from([22, 3]));
/** Whether the bytes begin with a record of application data (RFC 8446 section 5.2), as no text and no frame here does. */
const isTls = (bytes: Buffer): boolean => bytes.subarray(0, 3).equals(Buffer.from([23, 3, 3]));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Connection by connection, since each has segments of its own. */
function bytesOf(pieces: readonly Piece[], direction: Direction, order: WireOrder): LayerBytes {
  const streams = [
    ...Map.groupBy(
      pieces.filter((piece) => piece.direction === direction),
      (piece) => piece.connection,
    ).values(),
  ].map((own) => Buffer.concat(own.map(({ bytes }) => bytes)));
  const parts = streams.flatMap((bytes) => partsOf(bytes, order));
  const isEncrypted = streams.some(isTls);
  const inLayer = (layer: Layer): number =>
    sum(parts.filter((part) => part.layer === layer).map(({ bytes }) => bytes.length));
  const beginsTls = streams.some(isHandshake);
  const isRead = !isEncrypted && order.carrier !== undefined;
  if (isRead && parts.filter(({ layer }) => layer === "payload").length !== 1) {
    throw new WirebenchError(
      "process-failed",
      `the payload is not on the wire once, ${direction}, as it was expected to be`,
    );
  }
  return {
    total: sum(streams.map(({ length }) => length)),
    tls: beginsTls ? undefined : isEncrypted ? (parts.length / 2) * tlsRecordFraming : 0,
    http: order.carrier === "stream" || order.carrier === "frames" ? 0 : isRead ? inLayer("http") : undefined,
    segments: sum(streams.map(({ length }) => Math.ceil(length / segmentBytesMax))),
  };
}

function middleOf(all: readonly LayerBytes[]): LayerBytes {
  const middle = (of: (one: LayerBytes) => number): number => median(all.map(of));
  return {
    total: middle(({ total }) => total),
    tls: all.some(({ tls }) => tls === undefined) ? undefined : middle(({ tls }) => tls ?? 0),
    http: all.some(({ http }) => http === undefined) ? undefined : middle(({ http }) => http ?? 0),
    segments: middle(({ segments }) => segments),
  };
}

/** Of a part, in a result. */
const shownBytesMax = 2048;
/** The id of a session is as good as a password while it lives. */
const sessionId = /[\w-]{20,}/g;

/** What one side says before the other says something stands together. */
function capturesOf(pieces: readonly Piece[], order: WireOrder): Capture[] {
  const runs: Piece[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last?.connection === piece.connection && last.direction === piece.direction) {
      runs[runs.length - 1] = { ...piece, bytes: Buffer.concat([last.bytes, piece.bytes]) };
    } else runs.push(piece);
  }
  return runs.map(({ connection, direction, bytes }) => ({
    connection,
    direction,
    parts: partsOf(bytes, order).map(({ layer, what, bytes: own }) => ({
      layer,
      what,
      hex: hidden(own.subarray(0, shownBytesMax), layer).toString("hex"),
      bytes: own.length,
    })),
  }));
}

const hidden = (bytes: Buffer, layer: Layer): Buffer =>
  layer === "payload" || layer === "tls"
    ? bytes
    : Buffer.from(
        bytes.toString("latin1").replace(sessionId, (id) => "*".repeat(id.length)),
        "latin1",
      );
