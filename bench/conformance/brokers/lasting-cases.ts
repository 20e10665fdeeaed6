/** What every broker must do for longer than any time-out in the code: of ours, of the libraries, of the servers. */
import assert from "node:assert/strict";
import { setTimeout as elapsed } from "node:timers/promises";
import { assertOrder } from "./cases.ts";
import { seal } from "./member.ts";
import type { BrokerCase } from "./suite.ts";

const durationMs = 60_000;
/** Between two messages of one node. */
const pauseMs = 100;

export const lastingCases: readonly BrokerCase[] = [
  {
    name: `delivers everything of ${durationMs / 1000} s of traffic, and nothing happens to the connections`,
    async run(context) {
      await using first = await context.join(0);
      await using second = await context.join(1);
      const both = [first, second];
      const sent: string[][] = [[], []];
      const endMs = performance.now() + durationMs;
      for (let i = 0; performance.now() < endMs; i++) {
        for (const [n, member] of both.entries()) {
          const text = `of ${n} ${i}`;
          sent[n]!.push(text);
          await member.publish(text);
        }
        await elapsed(pauseMs);
      }
      await seal(both);
      await Promise.all(
        both.map((each) => each.until(() => each.messages.length > sent.flat().length, "not all came")),
      );
      assertOrder(context, both, sent);
      for (const { statuses } of both) assert.deepEqual(statuses, [], "something happened to the connection");
    },
  },
  {
    name: `keeps connections through ${durationMs / 1000} s of silence, and delivers what comes then`,
    async run({ join }) {
      await using first = await join(0);
      await using second = await join(1);
      const both = [first, second];
      await elapsed(durationMs);
      for (const { statuses } of both) assert.deepEqual(statuses, [], "something happened to the connection");
      await first.publish("after the silence");
      await seal(both);
      for (const { texts } of both) assert.deepEqual(texts, ["after the silence", "the last"]);
      for (const { statuses } of both) assert.deepEqual(statuses, [], "something happened to the connection");
    },
  },
];
