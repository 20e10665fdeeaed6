import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloseReason } from "../../protocol/contract.ts";
import type { AnswerListener, Ask, Exchange } from "./exchange.ts";
import { RequestPool } from "./request-pool.ts";

/** A pool whose requests are answered by hand, by their numbers. */
function poolOf({ atOnce = 3, bytesMax = 1000 } = {}) {
  const asked: AnswerListener[] = [];
  const handedOver: string[] = [];
  const failures: CloseReason[] = [];
  let connections = 0;
  const exchange = (): Exchange => {
    connections++;
    return {
      start: (_ask: Ask, listener: AnswerListener) => void asked.push(listener),
      destroy() {},
    } as Partial<Exchange> as Exchange;
  };
  const pool = new RequestPool(exchange(), {
    exchange,
    atOnce,
    bytesMax,
    path: (number) => `/${number}`,
    answered: ({ text }) => void handedOver.push(text),
    failed: (reason) => void failures.push(reason),
  });
  const answer = (number: number): void => asked[number]!.answered({ status: 200, text: String(number) });
  return { pool, asked, handedOver, failures, answer, connections: () => connections };
}

test("so many requests are under way at once, and what is more waits", () => {
  const { pool, asked, answer, connections } = poolOf();
  for (let sent = 0; sent < 5; sent++) pool.send("[]");
  assert.deepEqual([asked.length, pool.bufferedBytes, connections()], [3, 4, 3]);
  answer(0);
  assert.deepEqual([asked.length, pool.bufferedBytes, connections()], [4, 2, 3]);
});

test("responses are handed over in the order of the requests, whichever comes first", () => {
  const { pool, asked, handedOver, answer } = poolOf();
  for (let sent = 0; sent < 4; sent++) pool.send("[]");
  answer(2);
  answer(1);
  assert.deepEqual(handedOver, []);
  assert.equal(asked.length, 3, "no number is further ahead than the server waits for");
  answer(0);
  assert.deepEqual(handedOver, ["0", "1", "2"]);
  assert.equal(asked.length, 4);
});

test("who waits for every answer uses one connection", () => {
  const { pool, answer, connections } = poolOf();
  for (let sent = 0; sent < 5; sent++) {
    pool.send("[]");
    answer(sent);
  }
  assert.equal(connections(), 1);
});

test("long bodies are under way one at a time", () => {
  const { pool, asked, answer } = poolOf({ bytesMax: 10 });
  for (let sent = 0; sent < 2; sent++) pool.send("x".repeat(20));
  assert.equal(asked.length, 1);
  answer(0);
  assert.equal(asked.length, 2);
});

test("a request that fails ends everything, once", async () => {
  const { pool, asked, handedOver, failures, answer } = poolOf();
  for (let sent = 0; sent < 4; sent++) pool.send("[]");
  const drained = pool.drained();
  asked[1]!.failed(new Error("cut"));
  asked[2]!.failed(new Error("cut"));
  answer(0);
  await drained;
  assert.deepEqual(failures, [{ by: "network", message: "cut" }]);
  assert.deepEqual([handedOver, asked.length], [[], 3]);
});
