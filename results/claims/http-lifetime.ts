import { type Claim, evidenceOf, inWords, present, unmeasured, valueInWords } from "./claim.ts";
import { pushedTo, pushes } from "./pushes.ts";

const [stream, kept, closed] = ["websocket", "long-polling", "long-polling+close"] as const;
/** Of responses, so many at least: two values may share one. */
const everyResponse = 0.5;

export const httpLifetime: Claim = {
  id: "http-lifetime",
  statement: "A WebSocket stays open until one side ends it; an HTTP connection ends with the response.",
  about: "WebSocket and HTTP",
  needs: [{ ...pushes(stream, kept, closed), counts: true }],
  flipsAt: "HTTP that needs a connection for each response although nobody asked to close it",
  decide(results) {
    const opened = (target: string) => pushedTo(results, "connectionsPerMessage", target);
    const [open, alive, ended] = [opened(stream), opened(kept), opened(closed)];
    if (open === undefined || alive === undefined) {
      return unmeasured("no cell counted connections of a WebSocket and of HTTP that is kept alive");
    }
    const evidence = evidenceOf([alive], present(ended), [open]);
    if (open.high > 0) return { verdict: "does-not-hold", evidence };
    if (alive.low > everyResponse)
      return { verdict: "holds", inShort: `connects ${valueInWords(alive)} per message`, evidence };
    if (ended === undefined || ended.low <= alive.high) return { verdict: "does-not-hold", evidence };
    return {
      verdict: "holds-when",
      when: `every request says "Connection: close" (connections per message: ${inWords(ended)}); HTTP/1.1 keeps a connection alive (${inWords(alive)})`,
      inShort: `connects ${valueInWords(alive)} per message, with +close ${valueInWords(ended)}`,
      evidence,
    };
  },
};
