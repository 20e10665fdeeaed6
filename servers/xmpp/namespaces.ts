import { streamManagementNamespace } from "../../protocol/wires/stream-management.ts";

/** RFC 6120 section 14, RFC 6121 section 16 (what is left of RFC 3921), and the extensions by their number. */
export const namespaces = {
  client: "jabber:client",
  stream: "http://etherx.jabber.org/streams",
  streamErrors: "urn:ietf:params:xml:ns:xmpp-streams",
  stanzaErrors: "urn:ietf:params:xml:ns:xmpp-stanzas",
  tls: "urn:ietf:params:xml:ns:xmpp-tls",
  sasl: "urn:ietf:params:xml:ns:xmpp-sasl",
  bind: "urn:ietf:params:xml:ns:xmpp-bind",
  session: "urn:ietf:params:xml:ns:xmpp-session",
  roster: "jabber:iq:roster",
  /** XEP-0030. */
  discoInfo: "http://jabber.org/protocol/disco#info",
  discoItems: "http://jabber.org/protocol/disco#items",
  /** XEP-0045. */
  muc: "http://jabber.org/protocol/muc",
  mucUser: "http://jabber.org/protocol/muc#user",
  mucOwner: "http://jabber.org/protocol/muc#owner",
  /** XEP-0198. */
  streamManagement: streamManagementNamespace,
  /** XEP-0199. */
  ping: "urn:xmpp:ping",
} as const;
