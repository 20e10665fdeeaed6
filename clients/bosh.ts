import type { ProtocolClient } from "../protocol/contract.ts";
import { boshBinding } from "./xmpp/bosh.ts";
import { xmppExchanges } from "./xmpp/exchanges/exchanges.ts";
import { xmppProtocolClient } from "./xmpp/protocol-client.ts";

/** XMPP over BOSH (XEP-0124, XEP-0206), on the connections that the polling clients have: two, kept alive. */
export const boshClient: ProtocolClient = { ...xmppProtocolClient(boshBinding), exchanges: xmppExchanges(boshBinding) };
