import type { ProtocolClient } from "../../../protocol/contract.ts";
import { describeError, WirebenchError } from "../../../protocol/errors.ts";
import { asBuffer } from "../../../protocol/wires/payload.ts";
import { type BlockOptions, InBandReceiver, sendInBand } from "../in-band-bytestream.ts";
import type { XmppSession } from "../session.ts";
import type { Binding } from "../stream.ts";
import { answerOther, openUser, sessionLink } from "./session-link.ts";

/**
 * Every payload is a bytestream of its own (XEP-0047) to one's own full JID: opened, sent in blocks, closed. One at a time,
 * so that they keep their order. Payloads are bytes; a text is refused.
 */
export const inBand =
  (binding: Binding, blocks: BlockOptions): ProtocolClient["connect"] =>
  async (options) => {
    const { limits, user, onMessage } = options;
    const receiver = new InBandReceiver(limits.payloadBytesMax, onMessage);
    const session: XmppSession = await openUser(binding, options, user, (stanza) => {
      const answer = receiver.receive(stanza);
      if (answer === undefined) answerOther(session, stanza);
      else if (answer !== "taken") session.send(answer);
    });
    let streams = 0;
    let waitingBytes = 0;
    let last = Promise.resolve();
    const link = sessionLink(
      [session],
      limits,
      (payload) => {
        if (typeof payload === "string") throw new WirebenchError("usage", "a bytestream carries bytes, not text");
        const bytes = asBuffer(payload);
        const sid = String(streams++).padStart(8, "0");
        waitingBytes += bytes.byteLength;
        last = last
          .then(() => sendInBand(session, session.jid, sid, bytes, blocks))
          .then(() => {
            waitingBytes -= bytes.byteLength;
          })
          .catch((error) => link.ended({ by: "server", message: `bytestream refused: ${describeError(error)}` }));
      },
      () => waitingBytes,
    );
    return link;
  };
