/** On a way that is cut, what a user hears whom the protocol or the application brings back to where it was. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { updatesBehaviour, updateWords } from "../../../load/behaviours/updates.ts";
import { connectClient } from "../../../load/users/connect.ts";
import { addressOf } from "../../../protocol/address.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { type ClientConnection, defaultLimits as limits, type ProtocolClient } from "../../../protocol/contract.ts";
import { until } from "../../../protocol/testing.ts";
import { freePort } from "../../../servers/programs/free-ports.ts";
import { whyNoPush } from "../../experiments/comparison/one-way.ts";
import { type Outage, resumeMeasures } from "../../experiments/resume/ledger.ts";
import { Relay } from "../../relay/relay.ts";
import { through } from "../../relay/way.ts";
import { protocolNamed, protocolNames, protocols } from "../../targets/protocols.ts";
import { parseTarget, traitsOf } from "../../targets/target.ts";
import { Audience, type ListenOrder } from "./resume.ts";

const patienceMs = 30_000;
const users = 2;

/** Of a trial whose outages last until so many updates were published in each. */
async function measuresOf(label: string, resumedBy: ListenOrder["resumedBy"], history: number) {
  const target = parseTarget(label);
  const { protocol, options } = target;
  const { server: listener, client } = protocolNamed(protocol);
  const order = { ratePerSecond: 100, history, asksWhere: resumedBy === "application" };
  const publisher = updatesBehaviour(64, order);
  const { behaviour } = publisher;
  const server = await listener.listen({ host: "127.0.0.1", port: 0, behaviour, limits, options });
  // A port that nobody else is given while it refuses.
  const relay = await Relay.to(addressOf(server.url), await freePort());
  const url = through(server.url, relay.port);
  const audience = new Audience(client, { step: "listen", url, protocol, options, users, resumedBy, retryMs: 10 });
  try {
    await audience.listen();
    const publishing = publisher.send();
    assert.ok(await audience.hear(nowNs(), patienceMs), "an update at everybody");
    const { publishedNs } = publisher.log;
    const more = (updates: number): Promise<void> => {
      const enough = publishedNs.length + updates;
      return until(() => publishedNs.length >= enough);
    };
    const outages: Outage[] = [];
    for (const isSilent of [false, true]) {
      const attempts = audience.logs.map((log) => log.attempts);
      const startNs = isSilent ? relay.stall() : relay.refuse();
      await more(5);
      const silentUntilNs = isSilent ? relay.refuse() : startNs;
      await more(5);
      // Who asks by a clock finds out when it asks; before that, nobody is cut off.
      if (resumedBy === "nothing")
        await until(() => audience.logs.every((log, user) => log.attempts > attempts[user]!));
      const healedNs = await relay.heal();
      outages.push({ startNs, silentUntilNs, healedNs });
      assert.ok(await audience.hear(healedNs, patienceMs), "everybody is back");
    }
    publisher.halt();
    await publishing;
    await audience.leave(publisher.log.publishedNs.length, patienceMs);
    return resumeMeasures(publisher.log, audience.logs, outages).measures;
  } finally {
    publisher.halt();
    await relay[Symbol.asyncDispose]();
    await server.close();
  }
}

describe("users who are cut off", { timeout: 600_000, concurrency: 4 }, () => {
  for (const label of protocolNames.filter((name) => whyNoPush(parseTarget(name)) === undefined)) {
    const { resumesBy } = traitsOf(parseTarget(label));
    const by = resumesBy === undefined ? "application" : "protocol";

    it(`lose what was published meanwhile on ${label} if they say nothing`, async () => {
      const measures = await measuresOf(label, "nothing", 0);
      assert.equal(measures.lostInOutageShare, 1);
      assert.equal(measures.acceptedThenLostShare, 1);
      assert.equal(measures.duplicatedUpdates, 0);
      assert.equal(measures.reorderedUpdates, 0);
    });

    it(`lose nothing on ${label} where the ${by} says where they were`, async () => {
      const measures = await measuresOf(label, by, 1000);
      assert.equal(measures.lostUpdates, 0);
      assert.equal(measures.duplicatedUpdates, 0);
      assert.equal(measures.reorderedUpdates, 0);
    });
  }

  for (const { server, client } of protocols.filter(({ server: { traits } }) => traits.resumesBy === "request")) {
    it(`ask again on ${server.traits.name} no longer than a server would keep them`, async () => {
      const behaviour = () => ({ message() {}, closed() {} });
      const running = await server.listen({ host: "127.0.0.1", port: 0, behaviour, limits });
      const connection = await connectClient(client, {
        url: running.url,
        limits: { ...limits, idleMs: 20 },
        user: 0,
        resumption: { retryMs: 5 },
        onMessage() {},
      });
      await running.close();
      assert.equal((await connection.closed).by, "network");
    });
  }

  for (const label of ["sse+h2", "long-polling+h2"]) {
    it(`lose nothing on ${label} either`, async () => {
      assert.equal((await measuresOf(label, "protocol", 1000)).lostUpdates, 0);
    });
  }
});

describe("users who come back", { timeout: 20_000 }, () => {
  for (const [said, waited] of [
    [71, 71],
    [undefined, 31],
  ] as const) {
    it(`wait ${said === undefined ? "as they are told where the server says nothing" : "as the server says"}`, async (t) => {
      const { setTimeout } = globalThis;
      const waits: number[] = [];
      const noting = (call: () => void, ms: number): NodeJS.Timeout => {
        waits.push(ms);
        return setTimeout(call, ms);
      };
      t.mock.method(globalThis, "setTimeout", noting as typeof setTimeout);
      const client: ProtocolClient = {
        async connect({ onMessage }) {
          onMessage(`${updateWords.hello}1 0`);
          const closed = Promise.resolve({ by: "network" as const, message: "lost" });
          return {
            retryMs: said,
            bufferedBytes: 0,
            closed,
            send() {},
            close: async () => {},
          } satisfies ClientConnection;
        },
      };
      const url = "http://127.0.0.1/";
      const order = { protocol: "sse", options: {}, users: 1, resumedBy: "protocol", retryMs: 31 } as const;
      const audience = new Audience(client, { step: "listen", url, ...order });
      await audience.listen();
      await until(() => waits.includes(waited));
      await audience.leave(0, 0);
    });
  }
});
