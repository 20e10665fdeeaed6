import type { Element } from "@xmpp/xml";
import type { CloseReason, ConnectOptions, Limits, Payload } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { ClientLink } from "../../connection/link.ts";
import { asksForAnswer, iqRefusal } from "../iq-reply.ts";
import { conditionOf } from "../requests.ts";
import { openSession, type XmppSession } from "../session.ts";
import type { Binding } from "../stream.ts";

/** A server may say something before whoever asked for the session has it; more than this is none of its business. */
const earlyStanzasMax = 100;

/** Opens a session of this user, whose stanzas are heard once the caller has it. */
export async function openUser(
  binding: Binding,
  { url, limits, options, signal }: Pick<ConnectOptions, "url" | "limits" | "options" | "signal">,
  user: number,
  onStanza: (stanza: Element) => void,
): Promise<XmppSession> {
  const early: Element[] = [];
  let isHeard = false;
  const session = await openSession(binding, {
    url,
    limits,
    user,
    options,
    signal,
    onStanza(stanza) {
      if (isHeard) onStanza(stanza);
      else if (early.length < earlyStanzasMax) early.push(stanza);
    },
  });
  setImmediate(() => {
    isHeard = true;
    for (const stanza of early.splice(0)) onStanza(stanza);
  });
  return session;
}

/**
 * Sessions of users who belong together, as one connection with its states and bounds: it ends when one of them does.
 * `waitingBytes` are those that no session has been handed yet.
 */
export function sessionLink(
  sessions: readonly [XmppSession, ...XmppSession[]],
  limits: Limits,
  transmit: (payload: Payload) => void,
  waitingBytes: () => number = () => 0,
): ClientLink {
  let isEnding = false;
  const link = new ClientLink(
    {
      transmit,
      bufferedBytes: () => sessions[0].bufferedBytes + waitingBytes(),
      end() {
        isEnding = true;
        const all = Promise.all(sessions.map((session) => session.close()));
        void all.then(() => link.ended({ by: "client", message: "stream closed" }));
      },
      destroy() {
        for (const session of sessions) session.drop();
      },
    },
    limits,
  );
  for (const { closed } of sessions) void closed.then((reason) => isEnding || link.ended(reason));
  return link;
}

/** What became of a stanza that could not be delivered (RFC 6120 section 8.3), as the end of the connection. */
export const refusal = (stanza: Element): CloseReason => ({
  by: "server",
  message: `${stanza.name} refused: ${conditionOf(stanza) ?? "no reason given"}`,
});

/** Answers a request that is none of the exchange's (RFC 6120 section 8.2.3). */
export function answerOther(session: XmppSession, stanza: Element): void {
  if (asksForAnswer(stanza)) session.send(iqRefusal(stanza));
}

/** `work`, unless the handshake is given up or one of the sessions ends before. */
export async function duringHandshake<T>(
  work: Promise<T>,
  signal: AbortSignal,
  ...sessions: readonly XmppSession[]
): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const ended = sessions.map(async ({ closed }) => {
    const { by, message } = await closed;
    throw new WirebenchError("connect-failed", `the ${by} ended the stream: ${message}`);
  });
  for (const end of ended) end.catch(() => {});
  try {
    return await Promise.race([work, aborted, ...ended]);
  } catch (error) {
    for (const session of sessions) session.drop();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
