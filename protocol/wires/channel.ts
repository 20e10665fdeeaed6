/**
 * What users and nodes of a cluster say to each other, as texts over whatever protocol connects them: everybody is in
 * one channel, and a session holds a little state. Both ends build and read it here.
 *
 * Control messages are JSON. A published message is a body that only its publisher and its recipients look into, in an
 * envelope of fields that each end with a comma; the body is the rest. Every hop puts its own fields in front:
 *
 *     user to node      p3,17,BODY                        publisher, sequence
 *     node to broker    6,node-1,3,17,BODY                length of the node's name, name
 *     node to user      d6,1732-0,6,node-1,3,17,BODY      length of the position, position
 *                       d,6,node-1,3,17,BODY              the same without a position
 *
 * Lengths count UTF-16 units, so that names and positions may hold anything and the head is read without a search for
 * escapes. Numbers are decimal without leading zeros. No JSON text begins as an envelope does.
 */
import type { Payload } from "../contract.ts";

/** From a user to its node. */
export type UserMessage =
  /**
   * First on every connection. `session` names the state of an earlier one, `after` what was received last, `user` whoever
   * may ask later what became of his messages.
   */
  | {
      readonly type: "hello";
      /** Part of the channel it takes part in, alone; absent: the channel as a whole. */
      readonly room?: string;
      readonly user?: number;
      readonly session?: string;
      readonly resume?: boolean;
      readonly after?: string;
    }
  /** One more step in the session; answered by `stepped`. */
  | { readonly type: "step"; readonly request: number }
  /** To everybody in the channel, the sender included; answered by `accepted` or `rejected`. */
  | { readonly type: "publish"; readonly message: ChannelMessage };

/** What is published. The pair of publisher and sequence is unique in a channel. */
export interface ChannelMessage {
  readonly publisher: number;
  /** Per publisher, from 0, without holes. */
  readonly sequence: number;
  /** Opaque to nodes and brokers. */
  readonly body: string;
}

/** From a node to its user. */
export type NodeMessage =
  /**
   * Answers `hello`. `found`: the state of the session named was here. `steps`: how far it had come. `recovered`: for
   * a `resume`, whether all that was missed follows now (`all`), nobody can tell what was missed (`gap`).
   */
  | {
      readonly type: "welcome";
      readonly node: string;
      readonly session: string;
      readonly found: boolean;
      readonly steps: number;
      readonly position?: string;
      readonly recovered?: "all" | "gap";
    }
  | {
      readonly type: "stepped";
      readonly request: number;
      readonly node: string;
      readonly found: boolean;
      readonly steps: number;
    }
  /** A message of the channel; `from` is the node it was published at. */
  | { readonly type: "delivery"; readonly from: string; readonly position?: string; readonly message: ChannelMessage }
  /** The broker has the message, or it is known that it may not. */
  | { readonly type: "accepted"; readonly sequence: number }
  | { readonly type: "rejected"; readonly sequence: number; readonly reason: string }
  /** Messages may be missing before this point and cannot be recovered: a declared loss. */
  | { readonly type: "gap" }
  /** The node is about to go: reconnect, and do not ask for it again. */
  | { readonly type: "moving" };

/** What a node hands to the broker. */
export interface Publication {
  readonly from: string;
  readonly message: ChannelMessage;
}

/** Names of rooms are part of topics: letters, digits and `-`. */
const roomShape = /^[a-zA-Z0-9-]{1,64}$/;
const isRoom = (value: unknown): boolean => typeof value === "string" && roomShape.test(value);

/** A publication for one room, on its way through a topic that all rooms share. */
export const encodeInRoom = (room: string, publication: string): string => encodeField(room) + publication;

/** What `encodeInRoom` made; undefined for anything else. */
export function decodeInRoom(text: string): { room: string; publication: string } | undefined {
  const fields = new Fields(text, 0);
  const room = fields.text();
  return fields.failed ? undefined : { room, publication: text.slice(fields.at) };
}

export const encodeUserMessage = (message: UserMessage): string =>
  message.type === "publish" ? `p${encodeMessage(message.message)}` : JSON.stringify(message);

export const encodeNodeMessage = (message: NodeMessage): string =>
  message.type === "delivery" ? encodeDelivery(encodePublication(message), message.position) : JSON.stringify(message);

export const encodePublication = ({ from, message }: Publication): string => encodeField(from) + encodeMessage(message);

/** The delivery of a publication as it came from the broker: encoded once, sent to every user of the node. */
export const encodeDelivery = (publication: string, position: string | undefined): string =>
  `d${position === undefined ? "," : encodeField(position)}${publication}`;

/** Undefined for anything that is not one. Checks the outer shape; numbers that are none are refused too. */
export function decodeUserMessage(payload: Payload): UserMessage | undefined {
  if (typeof payload !== "string") return undefined;
  if (payload.charCodeAt(0) === publishMark) {
    const fields = new Fields(payload);
    const message = fields.message();
    return fields.failed ? undefined : { type: "publish", message };
  }
  const value = parseObject(payload);
  switch (value?.type) {
    case "hello":
      return optional(value.session, "string") &&
        optional(value.after, "string") &&
        optional(value.resume, "boolean") &&
        (value.room === undefined || isRoom(value.room)) &&
        (value.user === undefined || Number.isSafeInteger(value.user))
        ? (value as UserMessage)
        : undefined;
    case "step":
      return Number.isSafeInteger(value.request) ? (value as UserMessage) : undefined;
    default:
      return undefined;
  }
}

/** Undefined for anything that is not one. A delivery is whole; else a node fills in what its type says. */
export function decodeNodeMessage(payload: Payload): NodeMessage | undefined {
  if (typeof payload !== "string") return undefined;
  if (payload.charCodeAt(0) === deliveryMark) return decodeDelivery(payload);
  const value = parseObject(payload);
  return typeof value?.type === "string" && controlTypes.has(value.type) ? (value as NodeMessage) : undefined;
}

/** What a recipient reads of a delivery where it lies; the same object for one delivery after the other. */
export interface DeliveryHead {
  publisher: number;
  sequence: number;
  /** Where the position begins and ends, in bytes of the frame; it begins at -1 where there is none. */
  positionAt: number;
  positionEnd: number;
  /** Where the body begins. */
  bodyAt: number;
}

/** Whether it is to be read as a delivery, which may still be malformed. */
export const isDelivery = (utf8: Uint8Array): boolean => utf8[0] === deliveryMark;

/**
 * Reads the head of a delivery out of its UTF-8, without making a text of it. False for what is none, and for a head that
 * is not ASCII: `decodeNodeMessage` tells them apart.
 */
export function readDeliveryHead(utf8: Uint8Array, head: DeliveryHead): boolean {
  if (utf8[0] !== deliveryMark) return false;
  let at = 1;
  head.positionAt = -1;
  if (utf8[at] === comma) at++;
  else {
    at = skipInteger(utf8, at);
    head.positionAt = at;
    head.positionEnd = at + integer;
    at = skipText(utf8, at, integer);
  }
  at = skipInteger(utf8, at);
  at = skipText(utf8, at, integer);
  at = skipInteger(utf8, at);
  head.publisher = integer;
  at = skipInteger(utf8, at);
  head.sequence = integer;
  head.bodyAt = at;
  return at >= 0;
}

/** What `skipInteger` read last. */
let integer = 0;

/** To behind the comma that ends it; -1 where there is no integer, and from there on. */
function skipInteger(utf8: Uint8Array, start: number): number {
  if (start < 0) return -1;
  let at = start;
  let value = 0;
  let digit = utf8[at]! - zero;
  while (digit >= 0 && digit <= 9 && at - start < digitsMax) {
    value = value * 10 + digit;
    digit = utf8[++at]! - zero;
  }
  integer = value;
  const hasLeadingZero = at - start > 1 && utf8[start] === zero;
  return at === start || hasLeadingZero || digit !== comma - zero ? -1 : at + 1;
}

/** The same for a text of so many characters, all of them ASCII. */
function skipText(utf8: Uint8Array, start: number, length: number): number {
  if (start < 0) return -1;
  const end = start + length;
  let bits = 0;
  for (let at = start; at < end && at < utf8.length; at++) bits |= utf8[at]!;
  return bits < 0x80 && utf8[end] === comma ? end + 1 : -1;
}

function decodeDelivery(text: string): NodeMessage | undefined {
  const fields = new Fields(text);
  const position = fields.skipComma() ? undefined : fields.text();
  const from = fields.text();
  const message = fields.message();
  if (fields.failed) return undefined;
  return position === undefined ? { type: "delivery", from, message } : { type: "delivery", from, position, message };
}

/** One number for a message of a channel: exact for two million publishers and all sequence numbers of 32 bits. */
export const messageKey = (publisher: number, sequence: number): number => publisher * 2 ** 32 + sequence;

/** `messageKey` of what a node hands to the broker, without reading more of it than its head; NaN if it is nothing such. */
export function publicationKey(publication: string): number {
  return keyBehindField(publication, 0);
}

/** The same of a delivery. */
export function deliveryKey(delivery: string): number {
  if (delivery.charCodeAt(1) === comma) return keyBehindField(delivery, 2);
  const end = endOfField(delivery, 1);
  return keyBehindField(delivery, end);
}

function keyBehindField(text: string, start: number): number {
  const publisherAt = endOfField(text, start);
  const sequenceAt = text.indexOf(",", publisherAt) + 1;
  return messageKey(decimal(text, publisherAt), decimal(text, sequenceAt));
}

const endOfField = (text: string, start: number): number => text.indexOf(",", start) + decimal(text, start) + 2;

/** Digits up to a comma; NaN without one. */
function decimal(text: string, start: number): number {
  let value = 0;
  for (let at = start; ; at++) {
    const digit = text.charCodeAt(at) - zero;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else return at > start && digit === comma - zero ? value : Number.NaN;
  }
}

const encodeField = (text: string): string => `${text.length},${text},`;
const encodeMessage = ({ publisher, sequence, body }: ChannelMessage): string => `${publisher},${sequence},${body}`;

const publishMark = 0x70;
const deliveryMark = 0x64;
const comma = 0x2c;
const zero = 0x30;

/** Digits of an integer that a double holds exactly, whatever they are. */
const digitsMax = 15;

/** Reads an envelope from behind its mark. Once a field is not as it should be, the rest means nothing. */
class Fields {
  failed = false;
  readonly #text: string;
  #at: number;

  constructor(text: string, at = 1) {
    this.#text = text;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  skipComma(): boolean {
    if (this.#text.charCodeAt(this.#at) !== comma) return false;
    this.#at++;
    return true;
  }

  integer(): number {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    let value = 0;
    let digit = text.charCodeAt(at) - zero;
    while (digit >= 0 && digit <= 9 && at - start < digitsMax) {
      value = value * 10 + digit;
      digit = text.charCodeAt(++at) - zero;
    }
    const hasLeadingZero = at - start > 1 && text.charCodeAt(start) === zero;
    if (at === start || hasLeadingZero || digit !== comma - zero) this.failed = true;
    this.#at = at + 1;
    return value;
  }

  text(): string {
    const length = this.integer();
    const start = this.#at;
    const end = start + length;
    if (this.#text.charCodeAt(end) !== comma) this.failed = true;
    this.#at = end + 1;
    return this.#text.slice(start, end);
  }

  message(): ChannelMessage {
    return { publisher: this.integer(), sequence: this.integer(), body: this.#text.slice(this.#at) };
  }
}

const controlTypes: ReadonlySet<string> = new Set([
  "welcome",
  "stepped",
  "accepted",
  "rejected",
  "gap",
  "moving",
] satisfies Exclude<NodeMessage["type"], "delivery">[]);

const optional = (value: unknown, type: "string" | "boolean"): boolean => value === undefined || typeof value === type;

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
