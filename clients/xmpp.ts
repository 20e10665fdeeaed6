import type { Element } from "@xmpp/xml";
import type { ClientConnection, ConnectOptions, ProtocolClient } from "../protocol/contract.ts";
import { describeError } from "../protocol/errors.ts";
import { payloadBytes } from "../protocol/wires/payload.ts";
import { messageElement, messagePayload, messageType } from "../protocol/wires/xmpp-message.ts";
import { handshake } from "./connection/handshake.ts";
import { ClientLink } from "./connection/link.ts";
import { StreamError, XmppEntity } from "./xmpp/entity.ts";
import { Inbox } from "./xmpp/inbox.ts";
import { asksForAnswer, iqReply } from "./xmpp/iq-reply.ts";
import { login } from "./xmpp/login.ts";
import { xmppTarget } from "./xmpp/target.ts";

/** Bound on the library's wait for the server's end of the stream, in milliseconds. */
const closeWaitMs = 2000;

/** XMPP over TCP (RFC 6120) on the stream of `@xmpp/client-core`, with a login of our own. */
export const xmppClient: ProtocolClient = {
  async connect({ url, limits, signal, onMessage }: ConnectOptions): Promise<ClientConnection> {
    const target = xmppTarget(url);
    const entity = new XmppEntity(target, limits.payloadBytesMax);
    const inbox = new Inbox();
    const link = new ClientLink(
      {
        transmit: (payload) => void entity.send(messageElement({ to, type: messageType }, payload)).catch(lost),
        bufferedBytes: () => entity.socket?.writableLength ?? 0,
        end: () => void entity.stop(),
        destroy: () => entity.drop(),
      },
      limits,
    );
    let to = target.to ?? "";
    let isLoggedIn = false;

    function lost(error: Error): void {
      inbox.fail(error);
      link.ended({ by: error instanceof StreamError ? "server" : "network", message: describeError(error) });
    }
    function received(message: Element): void {
      if (!isFrom(message, to)) return;
      if (message.attrs.type === "error") {
        const condition = message.getChild("error")?.getChildElements()[0]?.name ?? "no reason given";
        link.ended({ by: "server", message: `message refused: ${condition}` });
        return;
      }
      const payload = messagePayload(message);
      if (payload === undefined) return;
      if (payloadBytes(payload) > limits.payloadBytesMax) lost(new Error("a message larger than the limit"));
      else onMessage(payload);
    }
    entity.on("error", lost);
    // From the start: the server may push in the same segment that ends the login.
    entity.on("element", (element) => {
      if (element.name === "message") received(element);
      else if (asksForAnswer(element)) entity.send(iqReply(element)).catch(lost);
      else if (!isLoggedIn) inbox.push(element);
    });
    entity.on("close", () => {
      entity.socket?.end("</stream:stream>");
      inbox.fail(new Error("the server closed the stream during the login"));
      link.ended({ by: "server", message: "stream closed" });
    });
    // As an error, since the library waits for one where the login is.
    entity.on("disconnect", () => void entity.emit("error", new Error("connection lost")));

    const jid = await handshake<string>(
      url,
      signal,
      // What happened to the stream says more than what became of the step that was waiting for it.
      (resolve, reject) => void login(entity, inbox, target).then(resolve, (cause) => reject(inbox.failure ?? cause)),
      () => entity.drop(new Error("gave up")),
    );
    to ||= jid;
    isLoggedIn = true;
    entity.timeout = closeWaitMs;
    return link;
  },
};

/** An address without a resource may answer from any of its own. */
function isFrom(message: Element, peer: string): boolean {
  const { from } = message.attrs;
  return from === peer || from === undefined || (!peer.includes("/") && from.startsWith(`${peer}/`));
}
