import { type Element, xml } from "@xmpp/xml";
import type { ConnectOptions, Payload, ProtocolClient } from "../../../protocol/contract.ts";
import { describeError } from "../../../protocol/errors.ts";
import { messagePayload, payloadElement } from "../../../protocol/wires/xmpp-message.ts";
import type { XmppSession } from "../session.ts";
import type { Binding } from "../stream.ts";
import { answerOther, openUser, sessionLink } from "./session-link.ts";

const echoNamespace = "urn:wirebench:echo:0";

/**
 * The payload in a request to one's own full JID, which one answers oneself with the same (RFC 6120 section 8.2.3): one
 * session, four crossings, two of them the request's and two the result's.
 */
export const request =
  (binding: Binding): ProtocolClient["connect"] =>
  (options) =>
    requests(binding, options, {
      ask: (session, payload) =>
        xml("iq", { type: "get", to: session.jid }, xml("echo", { xmlns: echoNamespace }, payloadElement(payload))),
      read: (result) => {
        const echo = result.getChild("echo", echoNamespace);
        return echo && messagePayload(echo);
      },
    });

/** XEP-0199 to the server, which answers by itself: two crossings without a payload, so it is no echo of one. */
export const ping =
  (binding: Binding): ProtocolClient["connect"] =>
  (options) =>
    requests(binding, options, {
      ask: (session) => xml("iq", { type: "get", to: session.domain }, xml("ping", { xmlns: "urn:xmpp:ping" })),
      read: (_result, payload) => payload,
    });

interface Request {
  readonly ask: (session: XmppSession, payload: Payload) => Element;
  /** What came back for this payload. */
  readonly read: (result: Element, payload: Payload) => Payload | undefined;
}

async function requests(binding: Binding, options: ConnectOptions, { ask, read }: Request) {
  const { limits, user, onMessage } = options;
  const session: XmppSession = await openUser(binding, options, user, (stanza) => {
    const { id, from, type } = stanza.attrs;
    const echo = type === "get" ? stanza.getChild("echo", echoNamespace) : undefined;
    if (stanza.name === "iq" && echo !== undefined) session.send(xml("iq", { type: "result", id, to: from }, echo));
    else answerOther(session, stanza);
  });
  const link = sessionLink([session], limits, (payload) => {
    session.request(ask(session, payload)).then(
      (result) => {
        const answer = read(result, payload);
        if (answer !== undefined) onMessage(answer);
      },
      (error) => link.ended({ by: "server", message: `request refused: ${describeError(error)}` }),
    );
  });
  return link;
}
