import { type Claim, evidenceOf, hasNodes, seenIn, valueInWords } from "./claim.ts";

export const busLocalOnly: Claim = {
  id: "bus-local-only",
  statement: "A WebSocket server can broadcast only to the clients connected to that instance.",
  about: "Horizontal scaling",
  needs: [{ experiment: "broadcast", variants: ["no broker"] }],
  flipsAt: "a delivery across nodes that have nothing between them",
  decide(results) {
    const alone = (metric: "sameNodeDeliveredFraction" | "crossNodeDeliveredFraction", what: string) =>
      seenIn(
        results,
        metric,
        (cell) => hasNodes(cell) && cell.parameters.broker === "none",
        () => what,
      );
    const across = alone("crossNodeDeliveredFraction", "no broker, users of other nodes");
    const same = alone("sameNodeDeliveredFraction", "no broker, users of the same node");
    if (across.length === 0) return { verdict: "not-measured", because: "no cell broadcast without a broker" };
    const holds = across.every(({ high }) => high === 0) && same.every(({ low }) => low === 1);
    const evidence = evidenceOf(across, same);
    if (!holds) return { verdict: "does-not-hold", evidence };
    const own = same.slice(0, 1).map((seen) => `the same node ${valueInWords(seen)}`);
    return { verdict: "holds", inShort: [`other nodes ${valueInWords(across[0]!)}`, ...own].join(", "), evidence };
  },
};
