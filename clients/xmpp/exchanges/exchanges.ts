/**
 * What XMPP has for users to reach users, on any binding: addresses that the server routes (RFC 6120 section 10), rooms
 * (XEP-0045), presence (RFC 6121) and bytestreams (XEP-0047). Each is connected like an echo.
 */
import type { ProtocolClient } from "../../../protocol/contract.ts";
import type { Binding } from "../stream.ts";
import { inBand } from "./in-band.ts";
import { ping, request } from "./iq.ts";
import { presence } from "./presence.ts";
import { relay, self } from "./relay.ts";
import { room } from "./room.ts";

/** Of one binding. */
export const xmppExchanges = (binding: Binding): NonNullable<ProtocolClient["exchanges"]> => ({
  relay: relay(binding),
  self: self(binding),
  request: request(binding),
  ping: ping(binding),
  blocks: inBand(binding, { blockBytes: 4096, stanza: "iq" }),
  "large-blocks": inBand(binding, { blockBytes: 65_535, stanza: "iq" }),
  "unacknowledged-blocks": inBand(binding, { blockBytes: 4096, stanza: "message" }),
  room: room(binding),
  presence: presence(binding, "status"),
  "come-and-go": presence(binding, "come-and-go"),
});
