/** RFC 6120 section 14, RFC 6121 section 16 (what is left of RFC 3921), XEP-0199. */
export const namespaces = {
  client: "jabber:client",
  stream: "http://etherx.jabber.org/streams",
  streamErrors: "urn:ietf:params:xml:ns:xmpp-streams",
  stanzaErrors: "urn:ietf:params:xml:ns:xmpp-stanzas",
  sasl: "urn:ietf:params:xml:ns:xmpp-sasl",
  bind: "urn:ietf:params:xml:ns:xmpp-bind",
  session: "urn:ietf:params:xml:ns:xmpp-session",
  ping: "urn:xmpp:ping",
} as const;
