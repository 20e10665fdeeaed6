/** RFC 7395 section 3.1: what the two ends of a WebSocket call XMPP. */
export const xmppSubprotocol = "xmpp";
