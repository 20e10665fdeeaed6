import { type Element, xml } from "@xmpp/xml";
import { namespaces } from "./namespaces.ts";
import { stanzaError } from "./stanza-error.ts";

/** What the server itself answers to an iq (RFC 6120 section 8.2.3): pings (XEP-0199) and the legacy session request. */
export function answerIq(iq: Element): Element | undefined {
  const { id, type, to, from } = iq.attrs;
  if (type === "result" || type === "error") return undefined;
  const children = iq.getChildElements();
  const request = children[0];
  if ((type !== "get" && type !== "set") || id === undefined || request === undefined || children.length > 1) {
    return stanzaError(iq, "bad-request");
  }
  const isPing = type === "get" && request.is("ping", namespaces.ping);
  const isSession = type === "set" && request.is("session", namespaces.session);
  if (!isPing && !isSession) return stanzaError(iq, "service-unavailable");
  return xml("iq", { type: "result", id, from: to, to: from });
}
