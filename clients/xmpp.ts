import type { ProtocolClient } from "../protocol/contract.ts";
import { xmppExchanges } from "./xmpp/exchanges/exchanges.ts";
import { xmppProtocolClient } from "./xmpp/protocol-client.ts";
import { tcpBinding } from "./xmpp/tcp.ts";

/** XMPP over TCP (RFC 6120) on the stream of `@xmpp/client-core`, with a login of our own. */
export const xmppClient: ProtocolClient = { ...xmppProtocolClient(tcpBinding), exchanges: xmppExchanges(tcpBinding) };
