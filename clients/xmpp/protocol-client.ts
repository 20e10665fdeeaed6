import type { Element } from "@xmpp/xml";
import type { ClientConnection, ConnectOptions, ProtocolClient, Resumption } from "../../protocol/contract.ts";
import { payloadBytes } from "../../protocol/wires/payload.ts";
import { messageElement, messagePayload, messageType } from "../../protocol/wires/xmpp-message.ts";
import { ClientLink } from "../connection/link.ts";
import { describeStanzaError } from "./conditions.ts";
import { asksForAnswer, iqRefusal } from "./iq-reply.ts";
import { openSession, type XmppSession } from "./session.ts";
import type { Binding } from "./stream.ts";
import type { StreamManagement } from "./stream-management.ts";

/** Of connections that others may follow. */
const managements = new WeakMap<ClientConnection, StreamManagement>();

/** Payloads as messages to one address, and those that come back from it, on any binding of XMPP. */
export const xmppProtocolClient = (binding: Binding): ProtocolClient => ({
  async connect(asked: ConnectOptions): Promise<ClientConnection> {
    const { url, limits, user, options, resumption, signal, onMessage } = asked;
    const session = await openSession(binding, {
      url,
      limits,
      user,
      options,
      signal,
      ...(resumption && binding.recovers && { retryMs: resumption.retryMs }),
      ...(resumption && !binding.recovers && { streamManagement: managementOf(resumption) }),
      onStanza: received,
    });
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
    if (session.streamManagement !== undefined) managements.set(link, session.streamManagement);
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

/** That of the connection that was lost, or a new one. */
const managementOf = ({ of }: Resumption): StreamManagement | true =>
  (of === undefined ? undefined : managements.get(of)) ?? true;

const peerOf = ({ to, jid }: XmppSession): string => to ?? jid;

/** An address without a resource may answer from any of its own. */
function isFrom(message: Element, peer: string): boolean {
  const { from } = message.attrs;
  return from === peer || from === undefined || (!peer.includes("/") && from.startsWith(`${peer}/`));
}
