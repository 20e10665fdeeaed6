import { formatList, plural } from "../quantities/format.ts";
import { probes } from "../recording/findings.ts";
import { type Claim, evidenceOf, seenOf, unmeasured, valueInWords } from "./claim.ts";
import { refusedByProtocol } from "./refusals.ts";

const scenario = "security";
const [stream, other] = ["websocket", "xmpp"] as const;

export const wsSecurity: Claim = {
  id: "ws-security",
  statement: "WebSocket has fewer built-in security measures than XMPP.",
  about: "WebSocket and XMPP",
  needs: [{ experiment: scenario, targets: [stream, other], counts: true }],
  flipsAt: "as many probes that the specification of WebSocket refuses as that of XMPP",
  decide(results) {
    const refusals = (target: string) => seenOf(results, "protocolRefusedProbes", { scenario, target });
    const [fewer, more] = [refusals(stream), refusals(other)];
    if (fewer === undefined || more === undefined) {
      return unmeasured("no cell put the same probes to WebSocket and XMPP");
    }
    const evidence = evidenceOf([fewer, more]);
    const inShort = `by itself refuses ${plural(fewer.value, "probe")}, ${other} ${valueInWords(more)}`;
    if (fewer.high >= more.low) return { verdict: "does-not-hold", inShort, evidence };
    const missing = refusedByProtocol(more.cell).filter((probe) => !refusedByProtocol(fewer.cell).includes(probe));
    const built = formatList(missing.map((probe) => probes[probe].build));
    return {
      verdict: "holds",
      inShort,
      evidence,
      ...(missing.length > 0 && { flipsAt: `${wsSecurity.flipsAt}, so that no application builds ${built}` }),
    };
  },
};
