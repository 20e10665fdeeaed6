import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { trustCertificate } from "../../clients/connection/trust.ts";
import { scriptedBehaviour } from "../../load/behaviours/scripted.ts";
import { type Behaviour, defaultLimits, type Payload } from "../../protocol/contract.ts";
import { clientsOf, protocolNamed, protocols } from "../targets/protocols.ts";
import { spokenTargets } from "../targets/testing.ts";
import { cases } from "./cases.ts";
import { answerMs } from "./peer.ts";
import { checkConformance } from "./suite.ts";

/** Echo servers that are wrong in one way each; the suite must notice. */
const wrongEchoes: Record<string, (payload: Payload, send: (payload: Payload) => void, nth: number) => void> = {
  "changes a byte": (payload, send) => send(typeof payload === "string" ? payload.replace("x", "y") : payload),
  "answers text with binary": (payload, send) => send(typeof payload === "string" ? Buffer.from(payload) : payload),
  "drops every 500th message": (payload, send, nth) => {
    if (nth % 500 !== 0) send(payload);
  },
  "sends every 500th message twice": (payload, send, nth) => {
    send(payload);
    if (nth % 500 === 0) send(payload);
  },
  "swaps two messages": (() => {
    let held: Payload | undefined;
    return (payload: Payload, send: (payload: Payload) => void, nth: number) => {
      if (nth === 400) held = payload;
      else send(payload);
      if (nth === 401 && held !== undefined) send(held);
    };
  })(),
  "never answers": () => {},
};

// What a wrong server does not send is waited for; the right ones need not wait for that.
describe("conformance", { concurrency: true }, () => {
  // Two, since those that poll seldom wait more than they work.
  describe("of servers that are right", { concurrency: 2 }, () => {
    for (const protocol of protocols) {
      const { name } = protocol.server.traits;

      const spoken = spokenTargets(protocol).flatMap((target) =>
        clientsOf(protocol, target.options).map(([kind, client]) => ({ ...target, kind, client })),
      );
      for (const { kind, client, title, options } of spoken) {
        test(`${title} passes every conformance case with its ${kind} client`, async () => {
          const listening = { host: "127.0.0.1", port: 0, ...scriptedBehaviour(), limits: defaultLimits, options };
          const server = await protocol.server.listen(listening);
          trustCertificate(server.certificate);
          try {
            const target = { url: server.url, foreign: false, options };
            const results = await checkConformance({ ...protocol, client }, target);
            assert.deepEqual(
              results,
              cases.map((each) => ({ case: each.name, outcome: "passed" })),
            );
          } finally {
            await server.close();
          }
        });
      }

      test(`two ${name} servers run side by side on free ports and close without a trace`, async () => {
        const options = { host: "127.0.0.1", port: 0, behaviour: scriptedBehaviour().behaviour, limits: defaultLimits };
        const [first, second] = [await protocol.server.listen(options), await protocol.server.listen(options)];
        assert.notEqual(first.url, second.url);
        await Promise.all([first.close(), second.close()]);
        await first.close();
        assert.equal(first.connections, 0);
      });
    }
  });

  describe("of servers that are wrong", { concurrency: true }, () => {
    for (const [fault, answer] of Object.entries(wrongEchoes)) {
      test(`a server that ${fault} fails the suite`, async () => {
        let nth = 0;
        const behaviour: Behaviour = (connection) => ({
          message: (payload) => answer(payload, (back) => connection.send(back), ++nth),
          closed() {},
        });
        const protocol = protocolNamed("tcp");
        const server = await protocol.server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits });
        try {
          const results = await checkConformance(protocol, { url: server.url, foreign: true, options: {} });
          assert.equal(results.at(-1)?.outcome, "failed");
          assert.match(results.at(-1)?.reason ?? "", /\S/);
        } finally {
          await server.close();
        }
      });
    }

    test("a server that slows long messages down is said to limit its rate", async () => {
      const behaviour: Behaviour = (connection) => ({
        message: (payload) => payload.length < 10_000 && connection.send(payload),
        closed() {},
      });
      const protocol = protocolNamed("tcp");
      const server = await protocol.server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits });
      try {
        const results = await checkConformance(protocol, {
          url: server.url,
          foreign: true,
          options: {},
          patienceMs: answerMs,
        });
        assert.match(results.at(-1)?.reason ?? "", /no message of 65535 bytes came back in time, .* limit the rate/);
      } finally {
        await server.close();
      }
    });
  });
});

test("a server of others that takes its time over a long message passes, with that as a remark, and is spared longer ones", async () => {
  const lengths: number[] = [];
  const behaviour: Behaviour = (connection) => ({
    message(payload) {
      lengths.push(payload.length);
      if (payload.length === 65_535 && typeof payload === "string")
        setTimeout(() => connection.send(payload), answerMs);
      else connection.send(payload);
    },
    closed() {},
  });
  const protocol = protocolNamed("tcp");
  const server = await protocol.server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits });
  try {
    const results = await checkConformance(protocol, { url: server.url, foreign: true, options: {} });
    assert.ok(results.every(({ outcome }) => outcome !== "failed"));
    const [remark, ...others] = results.flatMap(({ remarks = [] }) => remarks);
    assert.deepEqual([remark?.code, others], ["rate-limit", []]);
    assert.match(remark!.message, /^65,535 bytes of text took \d+ s to come back \([\d.]+ kB\/s of payload\)/);
    assert.equal(Math.max(...lengths), 65_536);
  } finally {
    await server.close();
  }
});

test("cases that need orders are skipped for a foreign server, with the reason", async () => {
  const { behaviour } = scriptedBehaviour();
  const protocol = protocolNamed("tcp");
  const server = await protocol.server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits });
  try {
    const results = await checkConformance(protocol, { url: server.url, foreign: true, options: {} });
    const skipped = results.filter(({ outcome }) => outcome === "skipped");
    assert.equal(skipped.length, cases.filter((each) => each.server === "scripted").length);
    for (const { reason } of skipped) assert.match(reason ?? "", /only echoes/);
    assert.ok(results.every(({ outcome }) => outcome !== "failed"));
  } finally {
    await server.close();
  }
});
