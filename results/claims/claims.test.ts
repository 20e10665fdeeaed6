import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DecidedClaim } from "../contract/claim.ts";
import type { MeasuredCell, Parameters } from "../contract/results.ts";
import { claims, decideClaims } from "./claims.ts";
import { assertInShort, but, decidedFrom, type MadeUp, cellOf as madeUpCell, sayingOf, targetOf } from "./testing.ts";

const cellOf = ({ parameters, ...made }: MadeUp): MeasuredCell =>
  madeUpCell({ ...made, parameters: { nodes: 3, broker: "none", ...parameters } });

const targets = [targetOf("websocket", "stream"), targetOf("long-polling", "held-request")];

const roundRobin: MadeUp = {
  scenario: "stickiness",
  variant: "round-robin",
  parameters: { policy: "round-robin" },
  measured: {
    connectionsMaxPerNode: [10, 10, 10],
    rejoinFoundFraction: [0.3, 0.31, 0.4],
    stepsFoundFraction: [1, 1, 1],
  },
};

const cookie: MadeUp = {
  scenario: "stickiness",
  variant: "leastconn+cookie",
  parameters: { policy: "leastconn+cookie", settings: { cookies: "kept" } },
  measured: { connectionsMaxPerNode: [10, 10, 10], rejoinFoundFraction: [1, 1, 1] },
};

const ignored: MadeUp = {
  ...cookie,
  variant: "cookie ignored",
  parameters: { policy: "leastconn+cookie", settings: { cookies: "ignored" } },
  measured: { rejoinFoundFraction: [0.28, 0.3, 0.35] },
};

const killed = (state: string, found: number): MadeUp => ({
  scenario: "state-after-kill",
  variant: `state ${state}`,
  parameters: { policy: "leastconn+cookie", settings: { state } },
  measured: { foundAfterFaultFraction: [found, found, found] },
});

const adding: MadeUp = {
  scenario: "scaling-out",
  variant: "leastconn",
  parameters: { policy: "leastconn+cookie" },
  measured: { newcomerShareOfNewNode: [1, 1, 1] },
};

const broadcast = (broker: string, delivered: number, across: number, variant = broker): MadeUp => ({
  scenario: "broadcast",
  variant,
  parameters: { broker },
  measured: {
    deliveredFraction: [delivered, delivered],
    sameNodeDeliveredFraction: [1, 1],
    crossNodeDeliveredFraction: [across, across],
  },
});

const decide = (id: string, made: readonly MadeUp[]): DecidedClaim => decidedFrom(id, made.map(cellOf), targets);

/** The reference set-up, in which no balance is configured. */
const byDefault: Partial<Parameters> = { policy: "round-robin", settings: { balancer: "haproxy-reference" } };

/** What each rule says of results that support the sentence, and of those that turn it. */
const rules: Record<string, { readonly good: readonly MadeUp[]; readonly says: RegExp; readonly turned: MadeUp[][] }> =
  {
    "lb-round-robin": {
      good: [{ ...roundRobin, parameters: byDefault }],
      says: /^holds$/,
      turned: [
        [but(roundRobin, { connectionsMaxPerNode: [10, 10, 12] })],
        [{ ...but(roundRobin, { connectionsMaxPerNode: [30] }), parameters: byDefault }],
      ],
    },
    "lb-state": {
      good: [roundRobin, killed("outside", 1)],
      says: /^holds-when a user comes back: within one connection 100 % of the messages find the state$/,
      turned: [
        [but(roundRobin, { rejoinFoundFraction: [0.9, 1] }), killed("outside", 1)],
        [roundRobin, killed("outside", 0.97)],
      ],
    },
    "lb-sticky": {
      good: [cookie, ignored, killed("node", 0)],
      says: /^holds-when the client sends it back \(else 30\.0 % \(28\.0–35\.0\)\) and the node lives \(else 0 %\)$/,
      turned: [[but(cookie, { rejoinFoundFraction: [1, 1, 0.97] })]],
    },
    "lb-leastconn": {
      good: [adding, cookie],
      says: /^holds$/,
      turned: [
        [but(adding, { newcomerShareOfNewNode: [1, 0.9] })],
        [but(cookie, { connectionsMaxPerNode: [11] }), adding],
      ],
    },
    "bus-local-only": {
      good: [broadcast("none", 1 / 3, 0)],
      says: /^holds$/,
      turned: [[broadcast("none", 0.5, 0.1)]],
    },
    "bus-pubsub": {
      good: [broadcast("none", 1 / 3, 0), broadcast("redis", 1, 1), broadcast("kafka", 1, 1)],
      says: /^holds$/,
      turned: [[broadcast("redis", 0.82, 0.75)]],
    },
  };

describe("the claims about a cluster", () => {
  it("have a rule put to the test here each", () => {
    const own = claims.filter(({ about }) => about === "Horizontal scaling").map(({ id }) => id);
    assert.deepEqual(own.sort(), Object.keys(rules).sort());
  });

  for (const [id, { good, says, turned }] of Object.entries(rules)) {
    it(`${id} is decided by what was measured, and turns with it`, () => {
      const decided = decide(id, good);
      assert.match(sayingOf(decided), says);
      assertInShort(decided);
      assert.ok(decided.evidence.length > 0);
      for (const { low, value, high } of decided.evidence) assert.ok(low <= value && value <= high);
      for (const made of turned) assert.equal(decide(id, made).verdict, "does-not-hold");
    });

    it(`${id} is not measured where its cells are missing or invalid, and says what to run`, () => {
      const invalid = good.map((made): MadeUp => ({ ...made, verdict: "invalid" }));
      for (const made of [invalid, [{ ...adding, measured: {} }]]) {
        const { verdict, because, evidence, command } = decide(id, made);
        assert.equal(verdict, "not-measured");
        assert.ok(because);
        assert.deepEqual(evidence, []);
        assert.equal(command, `wirebench claims ${id}`);
      }
    });
  }

  it("hold under a condition where the results show one", () => {
    assert.match(sayingOf(decide("lb-round-robin", [roundRobin])), /^holds-when round-robin is configured/);
    assert.equal(sayingOf(decide("lb-sticky", [cookie])), "holds");
    const polling: MadeUp = { ...but(cookie, { connectionsMaxPerNode: [12] }), target: "long-polling" };
    assert.match(
      sayingOf(decide("lb-leastconn", [adding, polling])),
      /^holds-when a user is one connection .*: 12 on the fullest of 3 nodes\)$/,
    );
    const sparing = but(adding, { newcomerShareOfNewNode: [0.1] });
    const slow: MadeUp = { ...sparing, parameters: { ...sparing.parameters, settings: { slowStartMs: 300_000 } } };
    assert.match(
      sayingOf(decide("lb-leastconn", [adding, { ...slow, variant: "slow start" }])),
      /^holds-when that instance is past its slow start \(else 10\.0 %\)$/,
    );
    const shared = broadcast("kafka", 1 / 3, 1 / 3, "one shared consumer group");
    assert.match(
      sayingOf(decide("bus-pubsub", [broadcast("redis", 1, 1), shared])),
      /^holds-when every node hears every message, as with redis \(but one shared consumer group 33\.3 %\)$/,
    );
  });

  it("are told unasked where they are decided only", () => {
    const { nodes: _, ...parameters } = cellOf(roundRobin).parameters;
    assert.deepEqual(decideClaims({ cells: [{ ...cellOf(roundRobin), parameters }], targets }), []);
    assert.deepEqual(decideClaims({ cells: [], targets }), []);
  });
});
