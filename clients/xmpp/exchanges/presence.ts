import { type Element, xml } from "@xmpp/xml";
import type { ProtocolClient } from "../../../protocol/contract.ts";
import type { XmppSession } from "../session.ts";
import type { Binding } from "../stream.ts";
import { xmppTarget } from "../target.ts";
import { answerOther, duringHandshake, openUser, sessionLink } from "./session-link.ts";

/** What a subscriber hears where a user is gone and said nothing about it. */
export const gone = "gone";

/**
 * The first user's presence at all others', who subscribed to it and it to them (RFC 6121 sections 3 and 4); each user has
 * an account of its own. What is sent is a status, or in turn one that takes leave and one that is back.
 */
export const presence =
  (binding: Binding, what: "status" | "come-and-go"): ProtocolClient["connect"] =>
  async (options) => {
    const { limits, user, signal, onMessage } = options;
    const url = withAccounts(options.url);
    const isPublisher = user === 0;
    const isKnown = Promise.withResolvers<void>();
    const publisher = (): string => `${xmppTarget(url, 0).username}@${session.domain}`;

    function heard(stanza: Element): void {
      const { type, from = "" } = stanza.attrs;
      const status = stanza.getChildText("status");
      const bare = from.split("/", 1)[0]!;
      if (type === "subscribe") {
        session.send(xml("presence", { to: bare, type: "subscribed" }));
        if (isPublisher) session.send(xml("presence", { to: bare, type: "subscribe" }));
      } else if (!isPublisher && bare === publisher() && (type === undefined || type === "unavailable")) {
        if (type === undefined) isKnown.resolve();
        if (status !== null) onMessage(status);
        else if (type === "unavailable") onMessage(gone);
      }
    }
    const session: XmppSession = await openUser(binding, { ...options, url }, user, (stanza) => {
      if (stanza.name === "presence") heard(stanza);
      else answerOther(session, stanza);
    });
    let sent = 0;
    const link = sessionLink([session], limits, (payload) => {
      const leaves = what === "come-and-go" && sent++ % 2 === 0;
      session.send(xml("presence", leaves ? { type: "unavailable" } : {}, xml("status", {}, String(payload))));
    });
    session.send(xml("presence"));
    if (isPublisher) {
      // Answered after what was sent before it (RFC 6120 section 10.1): whoever comes now finds the publisher.
      const ping = xml("iq", { type: "get", to: session.domain }, xml("ping", { xmlns: "urn:xmpp:ping" }));
      await duringHandshake(session.request(ping), signal, session);
    } else {
      session.send(xml("presence", { to: publisher(), type: "subscribe" }));
      await duringHandshake(isKnown.promise, signal, session);
    }
    return link;
  };

/** A URL with an account for each user: those of servers that are started for a run are `user0`, `user1` ... */
function withAccounts(url: string): string {
  const given = new URL(url);
  if (/%d(?![0-9a-f])/i.test(given.username)) return url;
  given.username = "user%d";
  return given.href;
}
