import { type Claim, evidenceOf, present, seenOf, unmeasured, valueInWords } from "./claim.ts";

const scenario = "wire";
const variant = "text, 40 B";
const [stream, events] = ["websocket", "sse"] as const;

export const sseDirection: Claim = {
  id: "sse-direction",
  statement: "WebSocket is two-way; SSE goes from server to client only.",
  about: "WebSocket and SSE",
  needs: [{ experiment: scenario, targets: [stream, events], variants: [variant], counts: true }],
  flipsAt: "a message that goes up on an event stream without a request of its own",
  decide(results) {
    const upOf = (metric: "upHttpBytes" | "upWireBytes", target: string) =>
      seenOf(results, metric, { scenario, target, variant }, `${target}, one message of 40 B`);
    const [request, frame] = [upOf("upHttpBytes", events), upOf("upHttpBytes", stream)];
    if (request === undefined || frame === undefined) {
      return unmeasured("no cell sent a message up to a server of events and on a WebSocket");
    }
    const evidence = evidenceOf([request, frame], present(upOf("upWireBytes", events), upOf("upWireBytes", stream)));
    const inShort = `HTTP up: sse ${valueInWords(request)}, websocket ${valueInWords(frame)}`;
    return { verdict: request.low > 0 && frame.high === 0 ? "holds" : "does-not-hold", inShort, evidence };
  },
};
