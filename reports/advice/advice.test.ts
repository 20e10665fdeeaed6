import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MadeUpVariant } from "../view/testing.ts";
import { viewOf } from "../view/view.ts";
import type { Advice } from "./advice.ts";
import { brokerChoiceAdvice, brokerNeedAdvice } from "./broker-advice.ts";
import { brokerRowsOf } from "./broker-rows.ts";
import { operatorsRules } from "./operators-rules.ts";
import { policyAdvice } from "./policy-advice.ts";
import { butFor, decisiveResults, decisiveVariants } from "./testing.ts";

type Changed = readonly MadeUpVariant[];

/** What is said of such results, or which experiment would tell. */
const said = (
  advise: (view: ReturnType<typeof viewOf>) => Advice | undefined,
  variants: Changed = decisiveVariants,
) => {
  const advice = advise(viewOf(decisiveResults(variants)));
  return advice?.kind === "advice" ? advice.text : `open: ${advice?.experiment}`;
};

const without = (scenario: string, name?: string): Changed =>
  decisiveVariants.filter((made) => made.scenario !== scenario || (name !== undefined && made.variant !== name));

const choice = (view: ReturnType<typeof viewOf>) => brokerChoiceAdvice(brokerRowsOf(view));

describe("the policy", () => {
  it("is the one that brings everybody back to the state, with what it does not survive", () => {
    assert.equal(
      said(policyAdvice),
      "leastconn+cookie brings 100 % back to their state, round-robin 31.0 % (1/3); its node killed: 0 %, with state outside the nodes 100 %.",
    );
  });

  it("is none where none does", () => {
    assert.match(
      said(policyAdvice, butFor("stickiness", "leastconn+cookie", { rejoinFoundFraction: 0.9 })),
      /^none brings everybody back to its state; best leastconn\+cookie, 90\.0 %;/,
    );
  });

  it("is round-robin if that is enough", () => {
    const lucky = butFor("stickiness", "round-robin", { rejoinFoundFraction: 1 });
    assert.match(said(policyAdvice, lucky), /^leastconn\+cookie \(as round-robin\) brings 100 %/);
  });

  it("is none that crowds users on a node, or forgets them with a reload", () => {
    const more = ["source", "leastconn+stick-table"].map((policy, index) => ({
      ...decisiveVariants.find(({ scenario }) => scenario === "stickiness")!,
      scenario: "policies",
      variant: policy,
      parameters: { policy },
      measures: {
        rejoinFoundFraction: 1,
        connectionsMaxPerNode: index === 0 ? 60 : 20,
        foundAfterReloadFraction: index === 0 ? 1 : 0.75,
      },
    }));
    assert.match(
      said(policyAdvice, [...decisiveVariants, ...more]),
      /^leastconn\+cookie brings .*, source 60 of 60 users on one node, leastconn\+stick-table 75\.0 % after a reload;/,
    );
  });

  it("is not guessed, and its weakness is told only where it was seen", () => {
    assert.equal(said(policyAdvice, without("stickiness")), "open: stickiness");
    assert.match(said(policyAdvice, without("state-after-kill")), /31\.0 % \(1\/3\)\.$/);
  });
});

describe("a broker", () => {
  it("is needed where broadcasts are incomplete without", () => {
    assert.equal(said(brokerNeedAdvice), "needed: 33.3 % of a broadcast arrives without, 100 % with any.");
    assert.equal(
      said(brokerNeedAdvice, butFor("broadcast", "nats", { deliveredFraction: 0.5 })),
      "needed: 33.3 % of a broadcast arrives without, 100 % with Redis, Redis Streams, JetStream and Kafka, 50.0 % with NATS.",
    );
    assert.match(said(brokerNeedAdvice, butFor("broadcast", "none", { deliveredFraction: 1 })), /^no better than none/);
    assert.equal(said(brokerNeedAdvice, without("broadcast", "none")), "open: broadcast");
  });

  it("is not judged by a mistake that stands in for a cell without numbers", () => {
    const { variant: _, ...kafka } = decisiveVariants.find(
      ({ scenario, variant }) => scenario === "broadcast" && variant === "kafka",
    )!;
    const shared = { ...kafka, variant: "kafka, one shared consumer group", measures: { deliveredFraction: 0.333 } };
    const invalid = without("broadcast", "kafka").concat([{ ...kafka, variant: "kafka", verdict: "invalid" }, shared]);
    assert.equal(
      said(brokerNeedAdvice, invalid),
      "needed: 33.3 % of a broadcast arrives without, 100 % with Redis, Redis Streams, NATS and JetStream.",
    );
  });

  it("is chosen by what it lost", () => {
    assert.equal(
      said(choice),
      "Misses tolerable: Redis, NATS. If not: Redis Streams, JetStream, Kafka with resume, which lost nothing.",
    );
    assert.match(
      said(choice, butFor("broker-kill", "jetstream", { acceptedThenLostMessages: 3 })),
      /If not: Redis Streams, Kafka with resume.*\. JetStream lost what it had accepted\.$/,
    );
    assert.match(
      said(choice, butFor("node-kill", "kafka, resume", { missingDeliveries: 5 })),
      /^Misses.*NATS, Kafka\./,
    );
  });

  it("is chosen among those that were watched only", () => {
    assert.match(said(choice, without("node-kill", "kafka, resume")), /If not: Redis Streams, JetStream with resume/);
    const kept = decisiveVariants.filter(
      ({ scenario, measures }) => scenario !== "node-kill" || measures.missingDeliveries! > 0,
    );
    assert.match(said(choice, kept), /If not: unknown, no valid number of Redis Streams, JetStream and Kafka\.$/);
    assert.match(said(choice, without("broker-kill")), /\(broker killed: unknown\)\.$/);
    assert.equal(
      said(
        choice,
        [...without("node-kill")].filter(({ scenario }) => scenario !== "broker-kill"),
      ),
      "open: node-kill",
    );
  });
});

describe("a row of a broker", () => {
  const rowsOf = (variants: Changed) => brokerRowsOf(viewOf(decisiveResults(variants)));

  it("takes the delay from the experiment whose delays are no bounds", () => {
    assert.equal(rowsOf(decisiveVariants).delaysFrom!.info.name, "broadcast");
    const { delaysFrom, rows } = rowsOf(without("broadcast"));
    assert.equal(delaysFrom!.info.name, "fan-out");
    const { estimate } = rows[0]!.lastUserP50;
    assert.equal(estimate.kind === "value" && estimate.bound, "at-most");
  });

  it("says what became of a cell without numbers", () => {
    const invalid = decisiveVariants.map((made): MadeUpVariant => {
      if (made.scenario !== "broker-kill" || made.variant !== "kafka") return made;
      const flag = { code: "late", severity: "fatal", cause: "wirebench", message: "late" } as const;
      return { ...made, verdict: "invalid", flags: [flag] };
    });
    assert.equal(rowsOf(invalid).rows.find(({ name }) => name === "kafka")!.recovery.state, "invalid");
  });
});

describe("a rule of operation", () => {
  const rule = (index: number) => (view: ReturnType<typeof viewOf>) => operatorsRules(view)[index];

  it("parts readiness from the broker, where it cut users", () => {
    assert.equal(
      said(rule(0)),
      "Readiness must not follow the broker with shutdown-sessions: its death cut 60 of 60 users for 5.00 s, else 0.",
    );
    const some = butFor("broker-kill", "redis, readiness cuts", { droppedConnections: 40 });
    assert.match(said(rule(0), some), /its death cut 40 of 60 users/);
    const harmless = butFor("broker-kill", "redis, readiness cuts", { droppedConnections: 0 });
    assert.match(said(rule(0), harmless), /^Readiness may follow the broker/);
    assert.equal(said(rule(0), without("broker-kill", "redis, readiness cuts")), "open: broker-kill");
  });

  it("spreads those who come back, where that flattened the peak", () => {
    assert.equal(said(rule(1)), "Reconnect with full jitter: 60 users peak at 100/s, else 2,000/s.");
    const jitter = "full jitter from 1500 ms to 6000 ms";
    const useless = butFor("reconnect-storm", jitter, { peakAttemptsPerSecond: 3000 });
    assert.match(said(rule(1), useless), /^Full jitter did not flatten/);
    assert.equal(said(rule(1), without("reconnect-storm", jitter)), "open: reconnect-storm");
  });

  it("empties a node by telling its users, where that emptied it", () => {
    assert.equal(
      said(rule(2)),
      "To empty a node tell its users to move: 0 of 20 stayed (drain 20); state on it is lost: 0 % found it.",
    );
    const stubborn = butFor("taking-out", "drain, and the node moves its users", { usersOnDrainedNode: 4 });
    assert.match(said(rule(2), stubborn), /^Nothing emptied a node; users left on it: drain 20, .* 4\.$/);
    assert.equal(said(rule(2), without("taking-out")), "open: taking-out");
  });
});
