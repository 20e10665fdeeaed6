/**
 * What a user of a Socket.IO node says and hears, as text frames of a WebSocket: packets of Engine.IO 4 with packets of
 * Socket.IO 5 in them, of the namespace `/`. Every text of the channel is the one argument of the one event there is; a
 * user asks for each to be acknowledged, and a node answers with the acknowledgement. What concerns everybody is an event.
 *
 *     node to user      0{"sid":...}                    open; pings follow, as 2, to be answered by 3
 *     user to node      40    40{"pid":...,"offset":..} connect, or come back for what was missed since
 *     node to user      40{"sid":...,"pid":...}         connected; pid only where a user may come back so
 *     user to node      420["m","TEXT"]                 0: the number of the acknowledgement asked for
 *     node to user      430["TEXT"]                     it
 *     node to user      42["m","TEXT","OFFSET"]         the offset only where a user may come back so
 *     either            41                              the end
 */

/** The only event. */
export const messageEvent = "m";

/** Path and query of the WebSocket's URL. */
export const socketIoPath = "/socket.io/?EIO=4&transport=websocket";

/** Who comes back, and the last of what it received. */
export interface Recovery {
  readonly pid: string;
  readonly offset: string;
}

export type NodePacket =
  | { readonly type: "open" | "ping" | "disconnected" | "unknown" }
  /** `pid`: under which the user may come back for what it missed. */
  | { readonly type: "connected"; readonly pid: string | undefined }
  | { readonly type: "refused"; readonly reason: string }
  /** `text` as UTF-8, which lies in the frame wherever JSON did not have to escape it. */
  | { readonly type: "text"; readonly text: Buffer; readonly offset: string | undefined };

export const pongPacket = "3";
export const disconnectPacket = "41";

export const encodeConnect = (recovery: Recovery | undefined): string =>
  recovery === undefined ? "40" : `40${JSON.stringify(recovery)}`;

export const encodeText = (acknowledgement: number, text: string): string =>
  `42${acknowledgement}["${messageEvent}",${JSON.stringify(text)}]`;

const eventHead = Buffer.from(`42["${messageEvent}",`);
const acknowledgementHead = /^43\d+/;
const quote = 0x22;
const backslash = 0x5c;
const end = 0x5d;

/** Never throws: what is malformed is unknown. */
export function decodeNodePacket(frame: Buffer): NodePacket {
  // The packet of nearly every frame.
  if (frame.subarray(0, eventHead.byteLength).equals(eventHead)) return readEvent(frame);
  const text = frame.toString();
  if (text === "2") return { type: "ping" };
  if (text.startsWith("0{")) return { type: "open" };
  if (text.startsWith("41")) return { type: "disconnected" };
  if (text.startsWith("40")) return { type: "connected", pid: stringIn(parse(text.slice(2)), "pid") };
  if (text.startsWith("44")) {
    return { type: "refused", reason: stringIn(parse(text.slice(2)), "message") ?? "the node gave no reason" };
  }
  const head = acknowledgementHead.exec(text)?.[0];
  return head === undefined ? { type: "unknown" } : textOf(parse(text.slice(head.length)), 0);
}

function readEvent(frame: Buffer): NodePacket {
  const textAt = eventHead.byteLength + 1;
  const textEnd = frame.indexOf(quote, textAt);
  const text = frame.subarray(textAt, textEnd);
  if (frame[textAt - 1] === quote && textEnd >= 0 && !text.includes(backslash)) {
    if (frame[textEnd + 1] === end) return { type: "text", text, offset: undefined };
    // `","` before the offset, `"]` behind it.
    const offset = frame.toString("latin1", textEnd + 3, frame.byteLength - 2);
    if (frame.toString("latin1", textEnd, textEnd + 3) === '","' && /^[\d-]+$/.test(offset)) {
      return { type: "text", text, offset };
    }
  }
  return textOf(parse(frame.toString("utf8", 2)), 1);
}

/** Arguments of the event, or of the acknowledgement, which has no name in front. */
function textOf(values: unknown, at: number): NodePacket {
  if (!Array.isArray(values)) return { type: "unknown" };
  const [text, offset] = values.slice(at) as unknown[];
  if (typeof text !== "string") return { type: "unknown" };
  return { type: "text", text: Buffer.from(text), offset: typeof offset === "string" ? offset : undefined };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function stringIn(value: unknown, name: string): string | undefined {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof found === "string" ? found : undefined;
}
