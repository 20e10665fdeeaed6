import { randomUUID } from "node:crypto";
import { type Element, xml } from "@xmpp/xml";
import type { ProtocolClient } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { messageElement, messagePayload } from "../../../protocol/wires/xmpp-message.ts";
import type { XmppSession } from "../session.ts";
import type { Binding } from "../stream.ts";
import { answerOther, duringHandshake, openUser, refusal, sessionLink } from "./session-link.ts";

const muc = "http://jabber.org/protocol/muc";
/** XEP-0045 section 15.6: of the presence that is one's own, and of a room that one's coming has made. */
const selfPresence = "110";
const roomCreated = "201";

/** The room of this process, at the service that servers of ours and others have as `rooms.` before their domain. */
const roomName = randomUUID().slice(0, 8);

/** A member of the room (XEP-0045): what it publishes goes to all members, itself included. */
export const room =
  (binding: Binding): ProtocolClient["connect"] =>
  async (options) => {
    const { limits, user, signal, onMessage } = options;
    const isIn = Promise.withResolvers<boolean>();
    isIn.promise.catch(() => {});
    const session: XmppSession = await openUser(binding, options, user, (stanza) => {
      const { type } = stanza.attrs;
      if (stanza.name === "presence") {
        if (stanza.attrs.from !== nick) return;
        if (type === "error") isIn.reject(new WirebenchError("connect-failed", refusal(stanza).message));
        else if (codesOf(stanza).includes(selfPresence)) isIn.resolve(codesOf(stanza).includes(roomCreated));
      } else if (stanza.name === "message" && type === "error") link.ended(refusal(stanza));
      else if (stanza.name === "message" && type === "groupchat") {
        const payload = messagePayload(stanza);
        if (payload !== undefined) onMessage(payload);
      } else answerOther(session, stanza);
    });
    const to = `${roomName}@rooms.${session.domain}`;
    const nick = `${to}/user${user}`;
    const link = sessionLink([session], limits, (payload) =>
      session.send(messageElement({ to, type: "groupchat" }, payload)),
    );
    session.send(xml("presence", { to: nick }, xml("x", { xmlns: muc }, xml("history", { maxstanzas: "0" }))));
    const isOwner = await duringHandshake(isIn.promise, signal, session);
    // Section 10.1.2: a room may be locked until its owner takes it as it is.
    if (isOwner) await duringHandshake(session.request(asItIs(to)), signal, session);
    return link;
  };

const asItIs = (to: string): Element =>
  xml(
    "iq",
    { type: "set", to },
    xml("query", { xmlns: `${muc}#owner` }, xml("x", { xmlns: "jabber:x:data", type: "submit" })),
  );

const codesOf = (presence: Element): (string | undefined)[] =>
  (presence.getChild("x", `${muc}#user`)?.getChildren("status") ?? []).map(({ attrs }) => attrs.code);
