import type { ProtocolClient } from "../protocol/contract.ts";
import { xmppExchanges } from "./xmpp/exchanges/exchanges.ts";
import { xmppProtocolClient } from "./xmpp/protocol-client.ts";
import { websocketBinding } from "./xmpp/websocket.ts";

/** XMPP over WebSocket (RFC 7395) with the `ws` library. */
export const xmppWebsocketClient: ProtocolClient = {
  ...xmppProtocolClient(websocketBinding),
  exchanges: xmppExchanges(websocketBinding),
};
