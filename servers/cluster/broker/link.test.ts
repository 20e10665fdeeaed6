import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { BrokerStatus } from "./broker.ts";
import { BrokerLink } from "./link.ts";
import type { OpenSession, Session } from "./session.ts";

/** Longer than any wait of the link. */
const longMs = 10 * 60 * 1000;

const session: Session = {
  position: undefined,
  gap: true,
  publish: async () => {},
  check: async () => {},
  end: async () => {},
};

/** A link whose sessions a test opens, and everything it was told. */
async function linked(open: OpenSession, signal = new AbortController().signal) {
  const statuses: BrokerStatus[] = [];
  const connection = await BrokerLink.connect(
    "Test",
    {
      url: "test://here",
      topic: "topic",
      node: "node-1",
      signal,
      onMessage() {},
      onStatus: (status) => statuses.push(status),
    },
    open,
  );
  return { connection, statuses };
}

test("the signal of an opening never fires once the session is live", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const caller = new AbortController();
  let opening: AbortSignal | undefined;
  const { connection, statuses } = await linked(async ({ signal, lost }) => {
    opening = signal;
    // As a session does that forgets to take its listener away.
    signal.addEventListener("abort", lost);
    return session;
  }, caller.signal);
  t.mock.timers.tick(longMs);
  caller.abort();
  await turn();
  assert.equal(connection.live, true);
  await connection.close();
  assert.equal(opening?.aborted, false);
  assert.deepEqual(statuses, []);
});

test("nor that of an opening after a loss", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const signals: AbortSignal[] = [];
  const losses: (() => void)[] = [];
  const { connection, statuses } = await linked(async ({ signal, lost }) => {
    signals.push(signal);
    losses.push(lost);
    signal.addEventListener("abort", lost);
    return session;
  });
  losses[0]!();
  t.mock.timers.tick(longMs);
  while (!connection.live) await turn();
  t.mock.timers.tick(longMs);
  await turn();
  assert.equal(connection.live, true);
  await connection.close();
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, false],
  );
  assert.deepEqual(statuses, ["lost", "live-after-gap"]);
});

test("an opening that takes too long is told so, and its late session is ended", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const late = Promise.withResolvers<Session>();
  const ended = Promise.withResolvers<void>();
  let opening: AbortSignal | undefined;
  const attempt = linked(({ signal }) => {
    opening = signal;
    return late.promise;
  });
  t.mock.timers.tick(longMs);
  assert.equal(opening?.aborted, true);
  late.resolve({ ...session, end: async () => ended.resolve() });
  await assert.rejects(attempt, { code: "connect-failed", message: /no subscription in time/ });
  await ended.promise;
});

test("an opening that the caller gives up is told so", async () => {
  const caller = new AbortController();
  let opening: AbortSignal | undefined;
  const attempt = linked(({ signal }) => {
    opening = signal;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }, caller.signal);
  caller.abort();
  await assert.rejects(attempt, { code: "aborted" });
  assert.equal(opening?.aborted, true);
});

test("a session that opens in the very moment its link is closed is ended", async () => {
  const opened = Promise.withResolvers<Session>();
  const ended = Promise.withResolvers<void>();
  const losses: (() => void)[] = [];
  const { connection } = await linked(async ({ lost }) => {
    losses.push(lost);
    return losses.length === 1 ? session : await opened.promise;
  });
  losses[0]!();
  while (losses.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  opened.resolve({ ...session, end: async () => ended.resolve() });
  await Promise.all([connection.close(), ended.promise]);
  assert.equal(connection.live, false);
});
