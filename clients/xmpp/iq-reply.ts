import { type Element, xml } from "@xmpp/xml";

/** What a client must answer to a server's iq (RFC 6120 section 8.2.3); some end a stream whose pings stay unanswered. */
export function iqReply({ attrs, children }: Element): Element | undefined {
  if (attrs.type !== "get" && attrs.type !== "set") return undefined;
  const { id, from: to } = attrs;
  const isPing = children.some((child) => typeof child !== "string" && child.is("ping", "urn:xmpp:ping"));
  if (isPing) return xml("iq", { type: "result", id, to });
  const condition = xml("service-unavailable", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" });
  return xml("iq", { type: "error", id, to }, xml("error", { type: "cancel" }, condition));
}
