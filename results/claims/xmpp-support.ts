import { type Claim, evidenceOf, seenOf } from "./claim.ts";

const scenario = "echo";
const servers = ["xmpp", "xmpp@prosody", "xmpp@ejabberd"] as const;

export const xmppSupport: Claim = {
  id: "xmpp-support",
  statement: "XMPP has two decades of use and wide support.",
  about: "WebSocket and XMPP",
  needs: [{ experiment: scenario, targets: servers, counts: true }],
  flipsAt: "nothing that can be measured: how old it is and who supports it is written down",
  decide(results) {
    const serving = servers
      .flatMap((target) => seenOf(results, "receivedMessages", { scenario, target }) ?? [])
      .filter(({ low }) => low > 0);
    const passed =
      serving.length > 1
        ? `${serving.length} servers, written independently of each other, echoed what one client sent here`
        : "what several servers have in common can be measured here";
    return {
      verdict: "not-a-measurement",
      instead: {
        kind: "fact",
        says: `announced as Jabber in January 1999, a standard of the IETF since October 2004; ${passed}`,
        sources: ["xmpp.org/about/history", "RFC 3920 (2004), RFC 6120 (2011)", "xmpp.org/software"],
      },
      inShort: "Jabber 1999, RFC 3920 in 2004",
      evidence: evidenceOf(serving),
    };
  },
};
