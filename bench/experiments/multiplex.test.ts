/** Users who share a connection and users who do not, while one way is stalled. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocolNames } from "../targets/protocols.ts";
import { parseTarget, traitsOf } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { heldUpUsers, type MultiplexCell, multiplex } from "./multiplex.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

function cellsOf(target: string): [own: MultiplexCell, shared: MultiplexCell] {
  const traffic = presets.quick.settings;
  const [own, shared] = multiplex.cells({ targets: [parseTarget(target)], traffic, cluster: clusterPresets.quick });
  return [own!, shared!];
}

const roundTripsOf = ({ expectations }: MultiplexCell): number | undefined =>
  expectations.find(({ metric }) => metric === "newUserRoundTrips")?.expected.low;

/** Long enough for others to be heard meanwhile, however busy the machine. */
const longStallMs = 1200;

describe("the multiplex experiment", { timeout: 600_000, concurrency: 3 }, () => {
  it("expects a new user to wait for what the connection spares it, and no more", () => {
    const expected = { tcp: [2, 1], websocket: [3, 1], "websocket+tls": [4, 1], sse: [4, 1], "sse+h2": [3, 2] };
    for (const [target, counts] of Object.entries(expected)) {
      assert.deepEqual(cellsOf(target).map(roundTripsOf), counts, target);
    }
    assert.deepEqual(cellsOf("sse+h2+tls").map(roundTripsOf), [4, 2], "one TLS handshake for all");
  });

  it("is not for protocols whose connection is somebody's session, nor for those that keep none", () => {
    for (const name of protocolNames) {
      const [cell] = cellsOf(name);
      const hasLogin = traitsOf(parseTarget(name)).mechanisms !== undefined;
      assert.equal(multiplex.unfit!(cell) !== undefined, hasLogin, name);
    }
    assert.match(multiplex.unfit!(cellsOf("sse+close")[0])!, /for every request/);
  });

  it("counts as held up whoever sent during the stall and heard nothing before its end", () => {
    const sent = (user: number, sentNs: number, receivedNs?: number) => ({
      user,
      dueNs: sentNs,
      sentNs,
      ...(receivedNs !== undefined && { receivedNs }),
    });
    const messages = [sent(0, 11, 25), sent(0, 12), sent(1, 11, 25), sent(1, 12, 19), sent(2, 9, 25), sent(3, 21, 25)];
    assert.equal(heldUpUsers(messages, { fromNs: 10, toNs: 20 }), 1);
  });

  it("finds that a stall and a pause hold up one user of those who have a connection each", async () => {
    const [cell] = cellsOf("websocket");
    const { measures, record } = await measureOnce(
      multiplex,
      { ...cell, stallMs: longStallMs, durationMs: 200, memoryUsers: 20 },
      context,
    );
    assert.equal(measures.heldUpUsers, 1);
    assert.equal(measures.heldUpByPauseUsers, 1);
    assert.equal(measures.censoredMessages, 0);
    assert.ok(measures.newUserRoundTrips! >= 3);
    assert.equal(record.events.length, 4, "two disturbances and their ends");
  });

  const shared = {
    sse: { stallMs: longStallMs, heldUpByPauseUsers: 8 },
    "sse+h2": { stallMs: longStallMs, heldUpByPauseUsers: 1 },
  };
  for (const [target, { stallMs, heldUpByPauseUsers }] of Object.entries(shared)) {
    it(`finds on ${target} that a stall holds up all on one connection, and a pause ${heldUpByPauseUsers} of them`, async () => {
      const [, cell] = cellsOf(target);
      const { measures, windows } = await measureOnce(
        multiplex,
        { ...cell, stallMs, durationMs: 200, memoryUsers: 20 },
        context,
      );
      assert.equal(measures.heldUpUsers, 8);
      assert.equal(measures.heldUpByPauseUsers, heldUpByPauseUsers);
      assert.equal(measures.censoredMessages, 0);
      assert.ok(measures.newUserRoundTrips! >= roundTripsOf(cell)!);
      assert.deepEqual(
        windows.map(({ name }) => name),
        ["undisturbed", "one connection stalled", "one user does not read"],
      );
    });
  }
});
