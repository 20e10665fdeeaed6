import { randomBytes } from "node:crypto";
import { type Element, xml } from "@xmpp/xml";
import { namespaces } from "./namespaces.ts";
import { stanzaError } from "./stanza-error.ts";

/** How a request to bind is answered. */
export type Binding =
  | { readonly resource: string; readonly reply: (jid: string) => Element }
  | { readonly refusal: Element | undefined };

/** Whether an element asks to bind a resource (RFC 6120 section 7.6). */
export const asksToBind = (element: Element): boolean =>
  element.name === "iq" && element.attrs.type === "set" && element.getChild("bind", namespaces.bind) !== undefined;

/**
 * Decides on the resource: the client's wish unless it is taken (RFC 6120 section 7.7.2.2), else one of our own; none for
 * an account that is full (section 7.6.2.1).
 */
export function bindResource(
  iq: Element,
  account: { isTaken(resource: string): boolean; readonly isFull: boolean },
): Binding {
  const { id } = iq.attrs;
  const wish = iq.getChild("bind", namespaces.bind)?.getChildText("resource") ?? "";
  if (id === undefined || !isResource(wish)) return { refusal: stanzaError(iq, "bad-request") };
  if (account.isFull) return { refusal: stanzaError(iq, "resource-constraint") };
  if (wish !== "" && account.isTaken(wish)) return { refusal: stanzaError(iq, "conflict") };
  return {
    resource: wish === "" ? randomBytes(9).toString("base64url") : wish,
    reply: (jid) => xml("iq", { type: "result", id }, xml("bind", { xmlns: namespaces.bind }, xml("jid", {}, jid))),
  };
}

/** RFC 7622 section 3.4: up to 1023 bytes, no control characters. Empty means that the server may choose. */
const isResource = (resource: string): boolean => Buffer.byteLength(resource) <= 1023 && !/\p{Cc}/u.test(resource);
