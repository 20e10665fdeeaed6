import { type Claim, evidenceOf, present, seenOf, unmeasured } from "./claim.ts";

const cell = { scenario: "browser", target: "websocket" } as const;

export const wsAnywhere: Claim = {
  id: "ws-anywhere",
  statement:
    "WebSocket was made for browsers but serves any client: the same server, from Chromium and from a program.",
  about: "WebSocket itself",
  needs: [{ experiment: cell.scenario, targets: [cell.target], counts: true }],
  flipsAt: "a message that one of the two clients does not get back as it was sent",
  decide(results) {
    const exact = present(
      seenOf(results, "pageExactTextEchoes", cell, "Chromium"),
      seenOf(results, "pageExactBinaryEchoes", cell, "Chromium"),
      seenOf(results, "programExactTextEchoes", cell, "a program"),
      seenOf(results, "programExactBinaryEchoes", cell, "a program"),
    );
    if (exact.length < 4) return unmeasured("no page in a browser and no program asked the same server");
    const longer = seenOf(results, "pageOverProgramRoundTripP50Ratio", cell, "Chromium");
    const evidence = evidenceOf(exact, present(longer));
    const { messagesInTurn, messagesAtOnce } = exact[0]!.cell.parameters.settings;
    const sentOfEach = (Number(messagesInTurn) + Number(messagesAtOnce)) / 2;
    const [page, program] = [exact.slice(0, 2), exact.slice(2)].map((own) =>
      own.reduce((sum, { low }) => sum + low, 0),
    );
    const inShort = `of ${2 * sentOfEach} exact: page ${page}, program ${program}`;
    return { verdict: exact.every(({ low }) => low >= sentOfEach) ? "holds" : "does-not-hold", inShort, evidence };
  },
};
