import { openSession } from "../../../clients/xmpp/session.ts";
import { tcpBinding } from "../../../clients/xmpp/tcp.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { defaultLimits } from "../../../protocol/contract.ts";
import { messageElement, messageType } from "../../../protocol/wires/xmpp-message.ts";
import type { Role } from "./role.ts";

export interface FirstMessageOrder {
  readonly url: string;
  /** Who answers. */
  readonly to: string;
  readonly payloadBytes: number;
}

const loginMsMax = 20_000;

/** One message to somebody who answers, after a login that is not timed; tells how long the answer took, in milliseconds. */
export const firstMessage: Role<FirstMessageOrder, { readonly tookMs: number }> = {
  name: "first-message",
  async run({ url, to, payloadBytes }) {
    const answered = Promise.withResolvers<number>();
    const session = await openSession(tcpBinding, {
      url,
      limits: defaultLimits,
      user: 0,
      signal: AbortSignal.timeout(loginMsMax),
      onStanza({ name, attrs }) {
        if (name !== "message" || attrs.from !== to) return;
        if (attrs.type === "error") answered.reject(new Error("the message came back as an error"));
        else answered.resolve(nowNs());
      },
    });
    void session.closed.then(({ message }) => answered.reject(new Error(`no answer: ${message}`)));
    const sentNs = nowNs();
    session.send(messageElement({ to, type: messageType }, "x".repeat(payloadBytes)));
    const tookMs = ((await answered.promise) - sentNs) / 1e6;
    await session.close();
    return { tookMs };
  },
};
