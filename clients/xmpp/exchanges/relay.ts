import type { Element } from "@xmpp/xml";
import type { ConnectOptions, ProtocolClient } from "../../../protocol/contract.ts";
import { messageElement, messagePayload, messageType } from "../../../protocol/wires/xmpp-message.ts";
import type { XmppSession } from "../session.ts";
import type { Binding } from "../stream.ts";
import { answerOther, openUser, refusal, sessionLink } from "./session-link.ts";

/** Messages to a partner's full JID, who answers each at once to the full JID it came from: two sessions, four crossings. */
export const relay =
  (binding: Binding): ProtocolClient["connect"] =>
  async (options) => {
    const { user } = options;
    const partner: XmppSession = await openUser(binding, options, 2 * user + 1, (stanza) => {
      const payload = stanza.name === "message" ? messagePayload(stanza) : undefined;
      const { from, type } = stanza.attrs;
      if (payload === undefined || from === undefined || type === "error") answerOther(partner, stanza);
      else partner.send(messageElement({ to: from, type: messageType }, payload));
    });
    try {
      return await messagesTo(binding, options, 2 * user, partner);
    } catch (error) {
      partner.drop();
      throw error;
    }
  };

/** Messages to one's own full JID: one session, two crossings, as an echo. */
export const self =
  (binding: Binding): ProtocolClient["connect"] =>
  (options) =>
    messagesTo(binding, options, options.user);

/** Of a user: what it sends goes to the partner, or to itself where there is none. */
async function messagesTo(binding: Binding, options: ConnectOptions, user: number, partner?: XmppSession) {
  const { limits, onMessage } = options;
  const received = (stanza: Element): void => {
    if (stanza.name !== "message" || stanza.attrs.from !== to) answerOther(session, stanza);
    else if (stanza.attrs.type === "error") link.ended(refusal(stanza));
    else {
      const payload = messagePayload(stanza);
      if (payload !== undefined) onMessage(payload);
    }
  };
  const session = await openUser(binding, options, user, received);
  const to = partner?.jid ?? session.jid;
  const link = sessionLink(partner ? [session, partner] : [session], limits, (payload) =>
    session.send(messageElement({ to, type: messageType }, payload)),
  );
  return link;
}
