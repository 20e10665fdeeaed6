import { formatQuantity } from "../quantities/format.ts";
import { noticeableRatio } from "../statistics/decide.ts";
import { type Claim, evidenceOf, present, seenOf, unmeasured } from "./claim.ts";
import { apart } from "./compared.ts";

const [bare, carried] = ["xmpp", "xmpp-websocket"] as const;
const through = { scenario: "proxy", variant: "haproxy" } as const;
const size = "65,536 B";

export const xmppStacks: Claim = {
  id: "xmpp-stacks",
  statement: "XMPP can run on top of other protocols such as WebSocket and so shed some of its limits.",
  about: "WebSocket and XMPP",
  needs: [
    { experiment: "echo", targets: [carried] },
    { experiment: through.scenario, targets: [bare, carried], variants: [through.variant], counts: true },
    { experiment: "wire", targets: [carried], variants: [`text, ${size}`, `binary, ${size}`], counts: true },
  ],
  flipsAt: "XMPP over WebSocket that gets no further than XMPP, or loses what it carries",
  decide(results) {
    const lost = seenOf(results, "lostMessages", { scenario: "echo", target: carried });
    const passes = (target: string) =>
      seenOf(results, "shippedConnections", { ...through, target }, `${target} through HAProxy as shipped`);
    const [before, after] = [passes(bare), passes(carried)];
    if (lost === undefined || before === undefined || after === undefined) {
      return unmeasured("no cell led XMPP through a proxy of HTTP, by itself and over WebSocket");
    }
    const down = (form: string) =>
      seenOf(
        results,
        "downWireBytes",
        { scenario: "wire", target: carried, variant: `${form}, ${size}` },
        `${carried}, ${form}`,
      );
    const [binary, text] = [down("binary"), down("text")];
    const evidence = evidenceOf([after, before, lost], present(binary, text));
    const sheds = before.high === 0 && after.low === 1;
    if (lost.high > 0 || !sheds) return { verdict: "does-not-hold", evidence };
    if (binary === undefined || text === undefined || apart(binary, text).low <= noticeableRatio) {
      return { verdict: "holds", inShort: `HAProxy lets through ${after.value}, bare ${before.value}`, evidence };
    }
    const times = formatQuantity(binary.value / text.value, "ratio");
    return {
      verdict: "holds-when",
      inShort: `passes HAProxy; binary ${times} text`,
      when: `the limit is the way there: it passes a proxy of HTTP that stops XMPP by itself; binary data stays base64, ${times} what text costs`,
      evidence,
    };
  },
};
