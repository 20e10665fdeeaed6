import type { Element } from "@xmpp/xml";
import type { ClientConnection, ConnectOptions, ProtocolClient } from "../../protocol/contract.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";
import { messageElement, messagePayload, messageType } from "../../protocol/wires/xmpp-message.ts";
import { ClientLink } from "../connection/link.ts";
import { describeStanzaError } from "./conditions.ts";
import { asksForAnswer, iqRefusal } from "./iq-reply.ts";
import { openSession, type XmppSession } from "./session.ts";
import type { Binding } from "./stream.ts";

/** Payloads as messages to one address, and those that come back from it, on any binding of XMPP. */
export const xmppProtocolClient = (binding: Binding): ProtocolClient => ({
  async connect({ url, limits, user, options, signal, onMessage }: ConnectOptions): Promise<ClientConnection> {
    const session = await openSession(binding, { url, limits, user, options, signal, onStanza: received });
    const to = peerOf(session);
    const loginWrites = session.writes ?? 0;
    const link = new ClientLink(
      {
        transmit: (payload) => session.send(messageElement({ to, type: messageType }, payload)),
        bufferedBytes: () => session.bufferedBytes,
        ...(session.writes !== undefined && { writes: () => session.writes! - loginWrites }),
        end: () => void session.close(),
        destroy: () => session.drop(),
      },
      limits,
    );
    void session.closed.then((reason) => link.ended(reason));
    return link;

    function received(stanza: Element, session: XmppSession): void {
      if (asksForAnswer(stanza)) session.send(iqRefusal(stanza));
      if (stanza.name !== "message" || !isFrom(stanza, peerOf(session))) return;
      if (stanza.attrs.type === "error") {
        session.drop({ by: "server", message: `message refused: ${describeStanzaError(stanza)}` });
        return;
      }
      const payload = messagePayload(stanza);
      if (payload === undefined) return;
      if (payloadBytes(payload) <= limits.payloadBytesMax) onMessage(payload);
      else session.drop({ by: "network", message: "a message larger than the limit" });
    }
  },
});

const peerOf = ({ to, jid }: XmppSession): string => to ?? jid;

/** An address without a resource may answer from any of its own. */
function isFrom(message: Element, peer: string): boolean {
  const { from } = message.attrs;
  return from === peer || from === undefined || (!peer.includes("/") && from.startsWith(`${peer}/`));
}
