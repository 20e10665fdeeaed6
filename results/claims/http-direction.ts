import { type Claim, evidenceOf, inWords, present, unmeasured, valueInWords } from "./claim.ts";
import { polled, polledAt, pollIntervalsMs, pushedTo, pushes } from "./pushes.ts";

export const httpDirection: Claim = {
  id: "http-direction",
  statement: "WebSocket is bidirectional; HTTP is one request, one response.",
  about: "WebSocket and HTTP",
  needs: [pushes("websocket", "sse", "long-polling"), polled],
  flipsAt: "an update that a polling client gets without asking, or a WebSocket client that has to ask",
  decide(results) {
    const stream = pushedTo(results, "askedBytesPerUpdate", "websocket");
    const asking = present(
      pushedTo(results, "askedBytesPerUpdate", "long-polling"),
      ...pollIntervalsMs.map((ms) => polledAt(results, "askedBytesPerUpdate", ms)),
    );
    const [held] = asking;
    if (stream === undefined || held === undefined) {
      return unmeasured("no cell let a server speak first on WebSocket and over requests");
    }
    const events = pushedTo(results, "askedBytesPerUpdate", "sse");
    const evidence = evidenceOf([stream, ...asking], present(events));
    if (stream.high > 0 || asking.some(({ low }) => low === 0)) return { verdict: "does-not-hold", evidence };
    const much = `${held.evidence.what} ${valueInWords(held)}`;
    if (events === undefined || events.high > 0)
      return { verdict: "holds", inShort: `asked 0 B, on ${much}`, evidence };
    return {
      verdict: "holds-when",
      when: `a response ends: an event stream is one that does not, and brings every update for ${inWords(events)} asked, where ${held.evidence.what} asks ${inWords(held)} each`,
      inShort: `asked: sse ${valueInWords(events)}, ${much}`,
      evidence,
    };
  },
};
