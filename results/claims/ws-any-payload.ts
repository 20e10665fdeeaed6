import { formatQuantity } from "../quantities/format.ts";
import { type Claim, evidenceOf, present, seenOf, unmeasured } from "./claim.ts";

const target = "websocket";
const large = { scenario: "binary", target, variant: "256 KiB, message" } as const;

export const wsAnyPayload: Claim = {
  id: "ws-any-payload",
  statement: "WebSocket sends any text or binary payload.",
  about: "WebSocket and XMPP",
  needs: [
    { experiment: large.scenario, targets: [target], variants: [large.variant], counts: true },
    { experiment: "wire", targets: [target], variants: ["text, 40 B", "text, 65,536 B"], counts: true },
    { experiment: "security", targets: [target], counts: true },
  ],
  flipsAt: "a payload within the limit of the server that does not come back as it went",
  decide(results) {
    const binary = (["corruptedMessages", "lostMessages", "receivedMessages"] as const).map((metric) =>
      seenOf(results, metric, large, `binary, ${formatQuantity(256 * 1024, "bytes")}`),
    );
    const [corrupted, lost, received] = binary;
    const texts = ["40 B", "65,536 B"].map((size) =>
      seenOf(
        results,
        "downWireOverPayloadRatio",
        { scenario: "wire", target, variant: `text, ${size}` },
        `text, ${size}`,
      ),
    );
    if (!corrupted || !lost || !received || received.low === 0 || present(...texts).length === 0) {
      return unmeasured("no cell sent texts and large binary payloads there and back");
    }
    const refused = seenOf(results, "oversizeRefusals", { scenario: "security", target }, "payload over the limit");
    const evidence = evidenceOf([corrupted, lost], present(...texts, refused));
    if (corrupted.high > 0 || lost.high > 0) return { verdict: "does-not-hold", evidence };
    const limitBytes = Number(refused?.cell.parameters.settings.payloadBytesMax);
    if (refused === undefined || refused.low < 1 || !(limitBytes > 0)) {
      return { verdict: "holds", inShort: "of 256 KiB 0 corrupted, 0 lost", evidence };
    }
    return {
      verdict: "holds-when",
      inShort: `0 corrupted; limit of ${formatQuantity(limitBytes, "bytes")} is kept`,
      when: `the server lets it: RFC 6455 sets no limit, and one that was told ${formatQuantity(limitBytes, "bytes")} refused twice as much`,
      evidence,
    };
  },
};
