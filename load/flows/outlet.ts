import type { ClientConnection, Payload } from "../../protocol/contract.ts";
import type { Message, MessageCodec } from "../../protocol/messages/message.ts";

/** Anything a message can be handed to: a client's connection or a server's. */
export interface Outlet extends Pick<ClientConnection, "sendText" | "together"> {
  send(payload: Payload): void;
  /** As of a server's connection: whether a request of the peer waits for what is sent. */
  readonly isAwaited?: boolean | undefined;
}

/**
 * Encodes a message and sends it, as bytes where the outlet takes them. One that a full queue or an ended connection
 * refuses leaves a gap in the sequence: the ledger shows it.
 */
export function sendMessage(
  outlet: Outlet,
  codec: MessageCodec,
  kind: Message["kind"],
  window: number,
  sequence: number,
  scheduledNs: number,
  sentNs: number,
): void {
  try {
    if (codec.kind === "text" && outlet.sendText !== undefined) {
      outlet.sendText(codec.encodeText(kind, window, sequence, scheduledNs, sentNs));
    } else outlet.send(codec.encode(kind, window, sequence, scheduledNs, sentNs));
  } catch {}
}
