import { noticeableRatio } from "../statistics/decide.ts";
import { type Claim, type Decidable, evidenceOf, seenOf, unmeasured, valueInWords } from "./claim.ts";
import { apart, compared } from "./compared.ts";

const scenario = "binary";
const [stanzas, frames] = ["xmpp", "websocket"] as const;
const [message, blocks] = ["64 KiB, message", "64 KiB, blocks of 4,096 B"] as const;

export const xmppBinary: Claim = {
  id: "xmpp-binary",
  statement: "XMPP is not made for binary data.",
  about: "WebSocket and XMPP",
  needs: [
    { experiment: scenario, targets: [stanzas, frames], variants: [message], counts: true },
    { experiment: scenario, targets: [stanzas], variants: [blocks], counts: true },
  ],
  flipsAt: "bytes that cost XMPP no more on the wire than WebSocket",
  decide(results) {
    const bytes = (target: string, variant: string) =>
      seenOf(results, "wireOverPayloadBytesRatio", { scenario, target, variant }, `${target}, ${variant}`);
    const [stanza, frame] = [bytes(stanzas, message), bytes(frames, message)];
    if (stanza === undefined || frame === undefined) {
      return unmeasured("no cell sent bytes over XMPP and over WebSocket");
    }
    const block = bytes(stanzas, blocks);
    const evidence = [
      ...evidenceOf([stanza, frame], block === undefined ? [] : [block]),
      ...goodputs(results).flatMap((one) => one?.evidence ?? []),
    ];
    const dearer = apart(stanza, frame).low > noticeableRatio;
    const inShort = `64 KiB cost ${valueInWords(stanza)}, on websocket ${valueInWords(frame)}`;
    return { verdict: dearer ? "holds" : "does-not-hold", inShort, evidence };
  },
};

/** Of XMPP, in a stanza and in blocks, over WebSocket. */
function goodputs(results: Decidable) {
  const goodput = (target: string, variant: string) =>
    seenOf(results, "goodputBytesPerSecond", { scenario, target, variant }, `${target}, ${variant}`);
  return [message, blocks].map((variant) => compared(goodput(stanzas, variant), goodput(frames, message)));
}
