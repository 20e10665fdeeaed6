import { xml } from "@xmpp/xml";
import { openSession } from "../../../clients/xmpp/session.ts";
import { tcpBinding } from "../../../clients/xmpp/tcp.ts";
import { defaultLimits } from "../../../protocol/contract.ts";
import type { Role } from "./role.ts";

export interface AnsweringOrder {
  /** Of the accounts, one each. */
  readonly urls: readonly string[];
  /** To break it on purpose: every so many messages one is left unanswered. */
  readonly ignoresEvery?: number;
}

const loginMsMax = 20_000;

/** Somebody at each of some accounts, who sends every message back to where it came from, for as long as the process lives. */
export const answering: Role<AnsweringOrder, { readonly jids: readonly string[] }> = {
  name: "answering",
  async run({ urls, ignoresEvery = Number.POSITIVE_INFINITY }) {
    let messages = 0;
    const sessions = urls.map((url) =>
      openSession(tcpBinding, {
        url,
        limits: defaultLimits,
        user: 0,
        resource: "answering",
        signal: AbortSignal.timeout(loginMsMax),
        onStanza(stanza, session) {
          const { from, type } = stanza.attrs;
          if (stanza.name !== "message" || type === "error") return;
          if (++messages % ignoresEvery !== 0) session.send(xml("message", { to: from, type }, ...stanza.children));
        },
      }),
    );
    const open = await Promise.all(sessions);
    // Whoever waits for an answer is told by the end of this process.
    for (const { closed } of open) void closed.then(() => process.exit(1));
    return { jids: open.map(({ jid }) => jid) };
  },
};
