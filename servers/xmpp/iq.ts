import { type Element, xml } from "@xmpp/xml";
import type { ConnectedResource } from "./connected-resource.ts";
import { namespaces } from "./namespaces.ts";
import { type StanzaCondition, stanzaError } from "./stanza-error.ts";

/** What is answered: what the result carries (nothing: undefined), or the condition of an error. */
export type IqAnswer = Element | StanzaCondition | undefined;

/** Answers one kind of request (RFC 6120 section 8.2.3). Only with `from` stamped: it is the sender's address. */
export type IqService = (request: Element, sender: ConnectedResource) => IqAnswer;

/** By type, namespace and name of the request, e.g. `get urn:xmpp:ping ping`. */
export type IqServices = ReadonlyMap<string, IqService>;

/** XEP-0199: whoever is asked is there. */
export const pingService: readonly [string, IqService] = [`get ${namespaces.ping} ping`, () => undefined];

/** The answer to an iq that is addressed to the server or to what it answers for; undefined for what is an answer itself. */
export function answerIq(iq: Element, sender: ConnectedResource, services: IqServices): Element | undefined {
  const { id, type, to, from } = iq.attrs;
  if (type === "result" || type === "error") return undefined;
  const requests = iq.getChildElements();
  const request = requests[0];
  if ((type !== "get" && type !== "set") || id === undefined || request === undefined || requests.length > 1) {
    return stanzaError(iq, "bad-request");
  }
  const service = services.get(`${type} ${request.getNS()} ${request.getName()}`);
  const answer = service === undefined ? "service-unavailable" : service(request, sender);
  return typeof answer === "string"
    ? stanzaError(iq, answer)
    : xml("iq", { type: "result", id, from: to, to: from }, answer);
}
