import type { Element } from "@xmpp/xml";
import type { Wire } from "./wire.ts";

/** RFC 6120 section 4.9.3. */
const conditions = new Set([
  ...["bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone", "host-unknown"],
  ...["improper-addressing", "internal-server-error", "invalid-from", "invalid-namespace", "invalid-xml"],
  ...["not-authorized", "not-well-formed", "policy-violation", "remote-connection-failed", "reset"],
  ...["resource-constraint", "restricted-xml", "see-other-host", "system-shutdown", "undefined-condition"],
  ...["unsupported-encoding", "unsupported-feature", "unsupported-stanza-type", "unsupported-version"],
]);

const saslNamespace = "urn:ietf:params:xml:ns:xmpp-sasl";
/** What the two say to each other in a login (RFC 6120 section 6). */
export const isOfLogin = (element: Element): boolean => element.getNS() === saslNamespace;
export const isSuccess = (element: Element): boolean => element.is("success", saslNamespace);

/**
 * How a server took what it was sent: `answered`, the sentinel at the end was; `closed`, it ended the stream in order; the
 * condition of the stream error it ended with; what it said below XMPP; or `unfinished`, it waits for the end of what is only half said.
 */
export type Outcome = string;

/** What a server may not do, whatever it is sent. */
export class Violation extends Error {}

/** Judges one connection on which all was sent, then its end. Throws a Violation. */
export function judge(wire: Wire, sent: Buffer, heard: Buffer, sentinel: string): Outcome {
  const { elements, ended, fault, refusal } = wire.read(heard);
  if (fault !== undefined) throw new Violation(`the server said what it may not: ${fault}`);
  const last = elements.at(-1);
  if (last?.name === "stream:error") {
    const condition = streamErrorCondition(last);
    if (!ended) throw new Violation(`a stream error, ${condition}, and the stream was not closed`);
    return condition;
  }
  const answer = elements.find(({ name, attrs }) => name === "iq" && attrs.id === sentinel);
  if (answer !== undefined) return answer.attrs.type === "result" ? "answered" : "refused";
  if (ended) return "closed";
  if (refusal !== undefined) return refusal;
  const successAt = elements.filter(isOfLogin).findIndex(isSuccess);
  if (wire.isUnfinished(sent, successAt, sentinel)) return "unfinished";
  throw new Violation("the server ended the connection without an answer or an error");
}

/** The condition of a `<stream:error/>`. Throws a Violation if it has none that there is. */
export function streamErrorCondition(error: Element): string {
  const condition = error.getChildElements()[0];
  if (condition === undefined || !conditions.has(condition.name))
    throw new Violation("a stream error without a condition");
  return condition.name;
}
