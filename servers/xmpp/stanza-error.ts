import { type Element, xml } from "@xmpp/xml";
import { namespaces } from "./namespaces.ts";

/** Conditions of RFC 6120 section 8.3.3 this server answers with, and the type each goes with. */
const types = {
  "bad-request": "modify",
  conflict: "cancel",
  "feature-not-implemented": "cancel",
  forbidden: "auth",
  "item-not-found": "cancel",
  "jid-malformed": "modify",
  "not-acceptable": "modify",
  "not-allowed": "cancel",
  "policy-violation": "modify",
  "remote-server-not-found": "cancel",
  "resource-constraint": "wait",
  "service-unavailable": "cancel",
  "unexpected-request": "wait",
} as const;

export type StanzaCondition = keyof typeof types;

/**
 * The error that answers a stanza; undefined where RFC 6120 sections 8.1 and 8.3.1 forbid one, lest errors bounce. Presence
 * that reaches nobody is not answered either (RFC 6121 section 8.5), which is for the caller to know.
 */
export function stanzaError(stanza: Element, condition: StanzaCondition): Element | undefined {
  const { id, type, to, from } = stanza.attrs;
  if (type === "error" || type === "result") return undefined;
  return xml(
    stanza.name,
    { type: "error", id, from: to, to: from },
    xml("error", { type: types[condition] }, xml(condition, { xmlns: namespaces.stanzaErrors })),
  );
}
