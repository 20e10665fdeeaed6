import { formatList, plural } from "../quantities/format.ts";
import { type Claim, evidenceOf, hasNodes, inWords, type Seen, seenIn, valueInWords } from "./claim.ts";

export const busPubsub: Claim = {
  id: "bus-pubsub",
  statement: "Publish/subscribe between the instances (Redis, NATS, Kafka) solves broadcasting.",
  about: "Horizontal scaling",
  needs: [{ experiment: "broadcast", variants: ["redis", "nats", "kafka", "kafka, one shared consumer group"] }],
  flipsAt: "a broker with which a user misses a message though nothing is broken",
  decide(results) {
    const delivered = seenIn(
      results,
      "deliveredFraction",
      (cell) => hasNodes(cell) && cell.scenario === "broadcast" && (cell.parameters.broker ?? "none") !== "none",
    );
    if (delivered.length === 0) return { verdict: "not-measured", because: "no cell broadcast with a broker" };
    const evidence = evidenceOf(delivered);
    const reaches = ({ low }: Seen): boolean => low === 1;
    const solving = delivered.filter(reaches);
    const missing = delivered.filter((seen) => !reaches(seen));
    if (solving.length === 0) return { verdict: "does-not-hold", evidence };
    if (missing.length === 0) return { verdict: "holds", inShort: `100 % with each of ${solving.length}`, evidence };
    const others = missing.map((seen) => `${seen.evidence.what} ${inWords(seen)}`);
    const names = solving.map((seen) => seen.evidence.what);
    return {
      verdict: "holds-when",
      when: `every node hears every message, as with ${formatList(names)} (but ${others.join(", ")})`,
      inShort: `100 % with ${plural(solving.length, "set-up")}, ${valueInWords(missing[0]!)} with ${missing.length}`,
      evidence,
    };
  },
};
