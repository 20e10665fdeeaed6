import { type Claim, evidenceOf, present, seenOf, unmeasured } from "./claim.ts";
import { compared } from "./compared.ts";

const scenario = "echo";
const [carried, bare] = ["xmpp-websocket", "xmpp"] as const;

export const wsCarrier: Claim = {
  id: "ws-carrier",
  statement: "WebSocket is flexible: it can carry other protocols.",
  about: "WebSocket and XMPP",
  needs: [{ experiment: scenario, targets: [carried, bare] }],
  flipsAt: "a message of the other protocol that is lost in a WebSocket",
  decide(results) {
    const of = (metric: Parameters<typeof seenOf>[1], target: string) => seenOf(results, metric, { scenario, target });
    const [lost, received] = [of("lostMessages", carried), of("receivedMessages", carried)];
    if (lost === undefined || received === undefined || received.low === 0) {
      return unmeasured("no cell carried another protocol over WebSocket");
    }
    const prices = (["wireBytesPerMessage", "roundTripP50Us"] as const).flatMap(
      (metric) => compared(of(metric, carried), of(metric, bare))?.evidence ?? [],
    );
    const evidence = [...evidenceOf([lost]), ...prices, ...evidenceOf(present(received))];
    return { verdict: lost.high > 0 ? "does-not-hold" : "holds", evidence };
  },
};
