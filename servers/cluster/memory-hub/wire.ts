/** What nodes and the hub say to each other: JSON texts in the frames of the `tcp` protocol. */
import type { Socket } from "node:net";
import { encodeFrame, FrameParser } from "../../../protocol/wires/frame.ts";
import type { BrokerMessage } from "../broker/broker.ts";

export type HubRequest =
  | { readonly id: number; readonly type: "publish"; readonly topic: string; readonly text: string }
  | { readonly id: number; readonly type: "subscribe"; readonly topic: string; readonly after?: string }
  | { readonly id: number; readonly type: "replay"; readonly topic: string; readonly after: string }
  | { readonly id: number; readonly type: "check" };

export type HubAnswer =
  /** Of the subscription, or, with the number of the request, of a replay. */
  | { readonly type: "message"; readonly of?: number; readonly message: BrokerMessage }
  | { readonly type: "subscribed"; readonly id: number; readonly position: string; readonly gap: boolean }
  | { readonly type: "done"; readonly id: number }
  /** Too many topics, or a replay that is not possible. */
  | { readonly type: "refused"; readonly id: number };

/** Six times the largest payload: what JSON escaping can make of it at worst, and some. */
const frameBytesMax = 8 * 1024 * 1024;

export function writeJson(socket: Socket, value: HubRequest | HubAnswer): void {
  socket.write(encodeFrame(JSON.stringify(value)));
}

/** Calls back for every JSON object the peer sends; destroys the socket of one that sends anything else. */
export function readJson(socket: Socket, receive: (value: Record<string, unknown>) => void): void {
  const parser = new FrameParser(frameBytesMax, {
    message: (payload) => {
      const value = typeof payload === "string" ? parseObject(payload) : undefined;
      if (value === undefined) socket.destroy();
      else if (!socket.destroyed) receive(value);
    },
    refusal: () => socket.destroy(),
    malformed: () => socket.destroy(),
  });
  socket.on("data", (chunk) => parser.push(chunk));
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
