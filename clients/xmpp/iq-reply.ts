import { type Element, xml } from "@xmpp/xml";

/** Whether an element is a request, which must be answered (RFC 6120 section 8.2.3). */
export const asksForAnswer = ({ name, attrs }: Element): boolean =>
  name === "iq" && (attrs.type === "get" || attrs.type === "set");

/** The answer of a client that knows pings only (XEP-0199); some servers end a stream that leaves them unanswered. */
export function iqReply({ attrs, children }: Element): Element {
  const { id, from: to } = attrs;
  const isPing = children.some((child) => typeof child !== "string" && child.is("ping", "urn:xmpp:ping"));
  if (isPing) return xml("iq", { type: "result", id, to });
  const condition = xml("service-unavailable", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" });
  return xml("iq", { type: "error", id, to }, xml("error", { type: "cancel" }, condition));
}
