import { equivalentRatio } from "../statistics/decide.ts";
import { type Claim, evidenceOf, inWords, present, seenOf, unmeasured, valueInWords } from "./claim.ts";
import { comparedWithOne } from "./compared.ts";

const cell = { scenario: "duplex", target: "websocket" } as const;

export const wsDuplex: Claim = {
  id: "ws-duplex",
  statement: "WebSocket is one persistent channel that carries messages both ways, even at the same moment.",
  about: "WebSocket itself",
  needs: [{ experiment: cell.scenario, targets: [cell.target] }],
  flipsAt: "a message that is missing while both directions are busy, or a second connection",
  decide(results) {
    const seen = (metric: Parameters<typeof seenOf>[1], what: string) => seenOf(results, metric, cell, what);
    const lost = seen("lostMessages", "both directions busy");
    const censored = seen("censoredMessages", "both directions busy");
    if (lost === undefined || censored === undefined) {
      return unmeasured("no cell sent in both directions of a WebSocket at once");
    }
    const opened = seen("connectionsPerMessage", "both directions busy");
    const slower = present(
      seen("uplinkInterferenceP50Ratio", "uplink"),
      seen("downlinkInterferenceP50Ratio", "downlink"),
    );
    const evidence = evidenceOf(slower, present(opened), [lost, censored]);
    const isOneChannel = opened === undefined || opened.high === 0;
    if (lost.high > 0 || censored.high > 0 || !isOneChannel) return { verdict: "does-not-hold", evidence };
    const inShort = `at once: 0 lost${opened === undefined ? "" : ", 0 more connections"}`;
    const held = slower.filter((one) => (comparedWithOne(one)?.ratio.low ?? 0) > equivalentRatio);
    if (held.length === 0) return { verdict: "holds", inShort, evidence };
    const slowest = held.reduce((most, one) => (one.value > most.value ? one : most));
    const much = held.map((one) => `the ${one.evidence.what} p50 is ${inWords(one)} what it is alone`);
    return {
      verdict: "holds-when",
      when: `one direction may be slower for the other: ${much.join(", ")}`,
      inShort: `at once: 0 lost, ${slowest.evidence.what} ${valueInWords(slowest)}`,
      evidence,
    };
  },
};
