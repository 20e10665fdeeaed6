import { type Claim, evidenceOf, present, seenOf, unmeasured, valueInWords } from "./claim.ts";
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
    const [bytes, time] = (["wireBytesPerMessage", "roundTripP50Us"] as const).map((metric) =>
      compared(of(metric, carried), of(metric, bare)),
    );
    const prices = present(bytes, time);
    const evidence = [
      ...evidenceOf([lost]),
      ...prices.flatMap((price) => price.evidence),
      ...evidenceOf(present(received)),
    ];
    if (lost.high > 0) return { verdict: "does-not-hold", evidence };
    const costs = [bytes && `${bytes.inShort} bytes`, time && `${time.inShort} time`];
    const inShort = [`0 of ${valueInWords(received)} lost`, ...present(...costs)].join(", ");
    return { verdict: "holds", inShort, evidence };
  },
};
