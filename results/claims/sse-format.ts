import { formatQuantity } from "../quantities/format.ts";
import { noticeableRatio } from "../statistics/decide.ts";
import { type Claim, type Decidable, evidenceOf, seenOf, unmeasured } from "./claim.ts";
import { apart } from "./compared.ts";

const scenario = "wire";
const [stream, events] = ["websocket", "sse"] as const;
const small = { words: "40 B", bytes: 40 } as const;
const large = { words: "65,536 B", bytes: 65_536 } as const;

export const sseFormat: Claim = {
  id: "sse-format",
  statement: "WebSocket takes text and binary, SSE mainly text.",
  about: "WebSocket and SSE",
  needs: [
    {
      experiment: scenario,
      targets: [stream, events],
      variants: [`text, ${small.words}`, `text, ${large.words}`, `binary, ${large.words}`],
      counts: true,
    },
  ],
  flipsAt: "binary payloads that cost an event stream no more than text",
  decide(results) {
    const down = (target: string, form: string, words: string) =>
      seenOf(results, "downWireBytes", { scenario, target, variant: `${form}, ${words}` }, `${target}, ${form}`);
    const [binary, text] = [down(events, "binary", large.words), down(events, "text", large.words)];
    const [frame, textFrame] = [down(stream, "binary", large.words), down(stream, "text", large.words)];
    if (!binary || !text || !frame || !textFrame) {
      return unmeasured("no cell brought 64 KiB down as text and as binary, on an event stream and on a WebSocket");
    }
    const evidence = evidenceOf([binary, text, frame, textFrame]);
    const isMainlyText = apart(binary, text).low > noticeableRatio;
    const takesBoth = apart(frame, textFrame).high <= noticeableRatio;
    if (!isMainlyText || !takesBoth) return { verdict: "does-not-hold", evidence };
    const flipsAt = flipOf(results, binary.value / text.value);
    return { verdict: "holds", evidence, ...(flipsAt && { flipsAt }) };
  },
};

/** What stands around a payload is the same for both; what base64 adds grows with it. */
function flipOf(results: Decidable, ratio: number): string | undefined {
  const text = seenOf(results, "downWireBytes", { scenario, target: events, variant: `text, ${small.words}` });
  if (text === undefined) return undefined;
  const aroundBytes = text.value - small.bytes;
  const bytes = (aroundBytes * (noticeableRatio - 1)) / (ratio - noticeableRatio);
  const words = formatQuantity(Math.round(bytes), "bytes");
  return `payloads up to about ${words}: so little that base64 adds less than 5 % to what a message costs; at 64 KiB it costs ${formatQuantity(ratio, "ratio")}`;
}
