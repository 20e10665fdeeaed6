/**
 * What users and nodes of a cluster say to each other, as JSON texts over whatever protocol connects them: everybody
 * is in one channel, and a session holds a little state. Both ends build and read it here.
 */
import type { Payload } from "../contract.ts";

/** From a user to its node. */
export type UserMessage =
  /** First on every connection. `session` names the state of an earlier one, `after` what was received last. */
  | { readonly type: "hello"; readonly session?: string; readonly resume?: boolean; readonly after?: string }
  /** One more step in the session; answered by `stepped`. */
  | { readonly type: "step"; readonly request: number }
  /** To everybody in the channel, the sender included; answered by `accepted` or `rejected`. */
  | { readonly type: "publish"; readonly message: ChannelMessage };

/** What is published. The pair of publisher and sequence is unique in a channel. */
export interface ChannelMessage {
  readonly publisher: number;
  /** Per publisher, from 0, without holes. */
  readonly sequence: number;
  /** Of the host's monotonic clock. */
  readonly scheduledNs: number;
  readonly sentNs: number;
  /** Fills the message up to the size asked for. */
  readonly filler: string;
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

export const encodeUserMessage = (message: UserMessage): string => JSON.stringify(message);
export const encodeNodeMessage = (message: NodeMessage): string => JSON.stringify(message);
export const encodePublication = (publication: Publication): string => JSON.stringify(publication);

/** The delivery of a publication as it came from the broker: encoded once, sent to every user of the node. */
export function encodeDelivery(publication: string, position: string | undefined): string {
  const place = position === undefined ? "" : `"position":${JSON.stringify(position)},`;
  return `{"type":"delivery",${place}${publication.slice(1)}`;
}

/** Undefined for anything that is not one. Checks the outer shape; numbers that are none are refused too. */
export function decodeUserMessage(payload: Payload): UserMessage | undefined {
  const value = parseObject(payload);
  switch (value?.type) {
    case "hello":
      return optional(value.session, "string") && optional(value.after, "string") && optional(value.resume, "boolean")
        ? (value as UserMessage)
        : undefined;
    case "step":
      return Number.isSafeInteger(value.request) ? (value as UserMessage) : undefined;
    case "publish":
      return isChannelMessage(value.message) ? (value as UserMessage) : undefined;
    default:
      return undefined;
  }
}

/** Undefined for anything that is not one. A delivery has its message; else a node fills in what its type says. */
export function decodeNodeMessage(payload: Payload): NodeMessage | undefined {
  const value = parseObject(payload);
  if (typeof value?.type !== "string" || !nodeMessageTypes.has(value.type)) return undefined;
  return value.type !== "delivery" || isChannelMessage(value.message) ? (value as NodeMessage) : undefined;
}

/** What a recipient must know of a delivery to keep its books. */
export interface DeliveryHead {
  readonly publisher: number;
  readonly sequence: number;
  readonly position?: string;
}

/**
 * Reads the head of a delivery laid out as `encodeDelivery` does it, and not the rest, which takes a quarter of the time
 * of parsing it: one process is all recipients. Undefined for every other layout, for which `decodeNodeMessage` is.
 */
export function readDeliveryHead(payload: Payload): DeliveryHead | undefined {
  if (typeof payload !== "string" || !payload.startsWith(deliveryStart) || !payload.endsWith("}}")) return undefined;
  let at = deliveryStart.length;
  let position: string | undefined;
  if (payload.startsWith(positionKey, at)) {
    const end = plainEnd(payload, at + positionKey.length);
    if (end < 0) return undefined;
    position = payload.slice(at + positionKey.length, end);
    if (payload[end + 1] !== ",") return undefined;
    at = end + 2;
  }
  if (!payload.startsWith(fromKey, at)) return undefined;
  const fromEnd = plainEnd(payload, at + fromKey.length);
  if (fromEnd < 0 || !payload.startsWith(publisherKey, fromEnd + 1)) return undefined;
  const publisherAt = fromEnd + 1 + publisherKey.length;
  const publisherEnd = digitsEnd(payload, publisherAt);
  if (publisherEnd < 0 || !payload.startsWith(sequenceKey, publisherEnd)) return undefined;
  const sequenceAt = publisherEnd + sequenceKey.length;
  const sequenceEnd = digitsEnd(payload, sequenceAt);
  if (sequenceEnd < 0 || payload[sequenceEnd] !== ",") return undefined;
  const publisher = Number(payload.slice(publisherAt, publisherEnd));
  const sequence = Number(payload.slice(sequenceAt, sequenceEnd));
  return position === undefined ? { publisher, sequence } : { publisher, sequence, position };
}

const deliveryStart = '{"type":"delivery",';
const positionKey = '"position":"';
const fromKey = '"from":"';
const publisherKey = ',"message":{"publisher":';
const sequenceKey = ',"sequence":';

/** Index of the quote that ends a JSON string without escapes, which starts at `start`; -1 for any other. */
function plainEnd(text: string, start: number): number {
  const end = text.indexOf('"', start);
  for (let at = start; at < end; at++) if (text.charCodeAt(at) === 0x5c) return -1;
  return end;
}

/** Index behind the digits of an integer that a double holds exactly; -1 for none, or as JSON does not write them. */
function digitsEnd(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39) at++;
  const digits = at - start;
  return digits === 0 || digits > 15 || (digits > 1 && text[start] === "0") ? -1 : at;
}

const nodeMessageTypes: ReadonlySet<string> = new Set([
  "welcome",
  "stepped",
  "delivery",
  "accepted",
  "rejected",
  "gap",
  "moving",
] satisfies NodeMessage["type"][]);

function isChannelMessage(value: unknown): value is ChannelMessage {
  if (typeof value !== "object" || value === null) return false;
  const { publisher, sequence, scheduledNs, sentNs, filler } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(publisher) &&
    Number.isSafeInteger(sequence) &&
    Number.isFinite(scheduledNs) &&
    Number.isFinite(sentNs) &&
    typeof filler === "string"
  );
}

const optional = (value: unknown, type: "string" | "boolean"): boolean => value === undefined || typeof value === type;

function parseObject(payload: Payload): Record<string, unknown> | undefined {
  if (typeof payload !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
