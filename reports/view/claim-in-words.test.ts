import assert from "node:assert/strict";
import { test } from "node:test";
import { afterVerdict, evidenceInWords } from "./claim-in-words.ts";

const seen = { scenario: "echo", target: "sse", what: "sse", metric: "roundTripP50Us", value: 2, low: 1.5, high: 2.5 };

test("of a ratio it is said what it is over, and it has no unit but its own", () => {
  assert.deepEqual(
    evidenceInWords([
      { ...seen, over: "websocket" },
      { ...seen, value: 400, low: 390, high: 410 },
      { ...seen, what: "xmpp", over: "websocket" },
    ]),
    [
      "round trip p50 over websocket: sse 2.00× (1.50–2.50), xmpp 2.00× (1.50–2.50)",
      "round trip p50: sse 400 µs (390–410)",
    ],
  );
});

test("what is no measurement is told for what it is, with its sources", () => {
  const claim = {
    id: "a",
    statement: "b",
    evidence: [],
    flipsAt: "c",
    command: "d",
    verdict: "not-a-measurement",
  } as const;
  const instead = { kind: "fact", says: "it is written down", sources: ["RFC 1", "RFC 2"] } as const;
  const told = (kind: "fact" | "opinion", sources: readonly string[]) =>
    afterVerdict({ ...claim, evidence: [], instead: { ...instead, kind, sources: [...sources] } });
  assert.equal(told("fact", instead.sources), "but a fact: it is written down (RFC 1; RFC 2)");
  assert.equal(told("opinion", []), "but an opinion: it is written down");
});
