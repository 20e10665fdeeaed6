import { type Element, xml } from "@xmpp/xml";

/** Whether an element is a request, which must be answered (RFC 6120 section 8.2.3). */
export const asksForAnswer = ({ name, attrs }: Element): boolean =>
  name === "iq" && (attrs.type === "get" || attrs.type === "set");

/** Whether an element is a ping (XEP-0199); some servers end a stream that leaves them unanswered. */
export const isPing = (element: Element): boolean =>
  asksForAnswer(element) &&
  element.children.some((child) => typeof child !== "string" && child.is("ping", "urn:xmpp:ping"));

/** The empty result of a request. */
export const iqResult = ({ attrs: { id, from: to } }: Element): Element => xml("iq", { type: "result", id, to });

/** The answer to a request that nobody here serves. */
export function iqRefusal({ attrs: { id, from: to } }: Element): Element {
  const condition = xml("service-unavailable", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" });
  return xml("iq", { type: "error", id, to }, xml("error", { type: "cancel" }, condition));
}
