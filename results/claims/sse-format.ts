import { formatQuantity } from "../quantities/format.ts";
import { noticeableRatio } from "../statistics/decide.ts";
import { type Claim, type Decidable, evidenceOf, seenOf, unmeasured } from "./claim.ts";
import { apart } from "./compared.ts";

const scenario = "wire";
const [stream, events] = ["websocket", "sse"] as const;
const [small, large] = ["40 B", "65,536 B"] as const;
/** RFC 791 section 3.1 and RFC 9293 section 3.1, both without options. */
const headersPerSegmentBytes = 20 + 20;
/** At a time, and four characters for them (RFC 4648 section 4). */
const base64TakesBytes = 3;

export const sseFormat: Claim = {
  id: "sse-format",
  statement: "WebSocket takes text and binary, SSE mainly text.",
  about: "WebSocket and SSE",
  needs: [
    {
      experiment: scenario,
      targets: [stream, events],
      variants: [`text, ${small}`, `text, ${large}`, `binary, ${large}`],
      counts: true,
    },
  ],
  flipsAt: "binary payloads that cost an event stream no more than text",
  decide(results) {
    const down = (target: string, form: string, words: string) =>
      seenOf(results, "downWireBytes", { scenario, target, variant: `${form}, ${words}` }, `${target}, ${form}`);
    const [binary, text] = [down(events, "binary", large), down(events, "text", large)];
    const [frame, textFrame] = [down(stream, "binary", large), down(stream, "text", large)];
    if (!binary || !text || !frame || !textFrame) {
      return unmeasured("no cell brought 64 KiB down as text and as binary, on an event stream and on a WebSocket");
    }
    const evidence = evidenceOf([binary, text, frame, textFrame]);
    const isMainlyText = apart(binary, text).low > noticeableRatio;
    const takesBoth = apart(frame, textFrame).high <= noticeableRatio;
    if (!isMainlyText || !takesBoth) return { verdict: "does-not-hold", evidence };
    const flipsAt = flipOf(results, binary.value / text.value);
    const [mine, theirs] = [binary.value / text.value, frame.value / textFrame.value].map((ratio) =>
      formatQuantity(ratio, "ratio"),
    );
    return {
      verdict: "holds",
      inShort: `binary/text: sse ${mine}, websocket ${theirs}`,
      evidence,
      ...(flipsAt && { flipsAt }),
    };
  },
};

/**
 * What stands around a payload is the same for both; what base64 adds grows with it. Around an event, that is: the answer to
 * the request that asked for an echo comes down as well, and is none of it.
 */
function flipOf(results: Decidable, ratio: number): string | undefined {
  const framing = seenOf(results, "downFramingBytes", { scenario, target: events, variant: `text, ${small}` });
  if (framing === undefined) return undefined;
  const aroundBytes = framing.value + headersPerSegmentBytes;
  const bytes = (aroundBytes * (noticeableRatio - 1)) / (ratio - noticeableRatio);
  const words = formatQuantity(bytes - (bytes % base64TakesBytes), "bytes");
  return `payloads up to about ${words}: so little that base64 adds less than 5 % to what an event costs; at 64 KiB it costs ${formatQuantity(ratio, "ratio")}`;
}
