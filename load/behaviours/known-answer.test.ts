import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payload } from "../../protocol/contract.ts";
import { MessageCodec } from "../../protocol/messages/message.ts";
import { ManualTimeline } from "../pacing/manual-timeline.ts";
import { type AnswerPlan, type KnownAnswerBehaviour, knownAnswerBehaviour } from "./known-answer.ts";

const codec = new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });
const window = { name: "w", flows: {}, index: 1, rampUpStartNs: 0, startNs: 100, endNs: 200, connections: 1, seed: 1 };
const immediate: AnswerPlan = { delayNs: () => 0, copies: () => 1, overtaken: () => false };

/** Sends so many messages to a service with this plan; what came back, by sequence number. */
async function answersTo(
  plan: AnswerPlan | undefined,
  count: number,
): Promise<{ sequences: number[]; service: KnownAnswerBehaviour }> {
  const timeline = new ManualTimeline();
  const service = knownAnswerBehaviour(codec, () => plan, timeline);
  const sequences: number[] = [];
  const send = (payload: Payload): void => void sequences.push(codec.decode(payload)!.sequence);
  const handler = service.behaviour({ send, close() {} });
  await service.prepare(window);
  for (let sequence = 0; sequence < count; sequence++) {
    handler.message(codec.encode("data", 1, sequence, 99 + sequence, 99 + sequence));
  }
  const collected = service.collect(1000);
  timeline.advance(1e9);
  await collected;
  return { sequences, service };
}

test("echoes at once, in order, what it has no plan for", async () => {
  const { sequences, service } = await answersTo(undefined, 3);
  assert.deepEqual(sequences, [0, 1, 2]);
  assert.equal(service.handledMessages, 3);
});

test("drops and duplicates exactly what the plan says", async () => {
  const { sequences } = await answersTo({ ...immediate, copies: (sequence) => sequence % 3 }, 6);
  assert.deepEqual(sequences, [1, 2, 2, 4, 5, 5]);
});

test("lets an answer be overtaken by the next one, and counts it", async () => {
  const { sequences, service } = await answersTo({ ...immediate, overtaken: (sequence) => sequence % 3 === 1 }, 5);
  assert.deepEqual(sequences, [0, 2, 1, 3, 4]);
  assert.equal(service.imposed.reorderedMessages, 1);
});

test("keeps each delay, waits for the last, and reports those that a harness times", async () => {
  const delayNs = (sequence: number): number => (5 - sequence) * 2e6;
  const { sequences, service } = await answersTo({ ...immediate, delayNs }, 5);
  assert.deepEqual(sequences, [4, 3, 2, 1, 0]);
  const { plannedNs, imposedNs, reorderedMessages } = service.imposed;
  assert.deepEqual(plannedNs, [2e6, 4e6, 6e6, 8e6], "the first was due before the window's start");
  assert.deepEqual(imposedNs, plannedNs);
  assert.equal(reorderedMessages, 4);
});
