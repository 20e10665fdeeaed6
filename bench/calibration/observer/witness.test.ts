import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageCodec } from "../../../protocol/messages/message.ts";
import type { Crossing } from "./relay.ts";
import { countsOf, delayBounds, witness } from "./witness.ts";

const codec = new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });

/** A message of a connection, sent at this time, at the wire 10 ns later. */
function crossing(sequence: number, sentNs: number, atNs = sentNs + 10, connection = 0, window = 1): Crossing {
  const header = String(codec.encode("data", window, sequence, sentNs, sentNs)).slice(0, 39);
  return { header, connection, seenNs: atNs, passedNs: atNs + 1 };
}

const crossings = (up: Crossing[], down: Crossing[]) => ({ up, down, upBytes: 0, downBytes: 0 });

test("counts what came back, what came twice and what overtook, by the message's own numbers", () => {
  const up = [0, 1, 2, 3].map((sequence) => crossing(sequence, 1000 * (sequence + 1)));
  const down = [up[1]!, up[0]!, up[3]!, up[3]!].map((sent, index) => ({ ...sent, seenNs: 5000 + index }));
  const seen = witness(crossings(up, down), 1);
  assert.deepEqual(countsOf(seen), { sent: 4, received: 3, duplicated: 1, reordered: 1 });
});

test("knows only the messages of its window, and not the marks that end a direction", () => {
  const end = { ...crossing(9, 9000), header: String(codec.encode("end", 1, 9, 9000, 9000)).slice(0, 39) };
  const seen = witness(crossings([crossing(0, 1000), crossing(1, 2000, 2010, 0, 2), end], []), 1);
  assert.deepEqual(
    seen.up.map(({ sequence, sentNs }) => [sequence, sentNs]),
    [[0, 1000]],
  );
});

test("bounds a receipt by the wire before it and by the message it released after it, or by the report", () => {
  const up = [crossing(0, 1000), crossing(1, 1001), crossing(2, 3000), crossing(0, 1000, 1010, 1)];
  // Another user's message has another time of sending, or it would be the same message.
  up[3] = crossing(0, 1002, 1012, 1);
  const answer = (sent: Crossing, passedNs: number): Crossing => ({ ...sent, connection: 7, passedNs });
  const down = [answer(up[0]!, 2000), answer(up[1]!, 2500), answer(up[3]!, 2600)];
  const bounds = delayBounds(witness(crossings(up, down), 1), 2, 9000);
  assert.deepEqual(
    bounds.map(({ sentNs, receivedAfterNs, receivedBeforeNs }) => [sentNs, receivedAfterNs, receivedBeforeNs]),
    [
      [1000, 2000, 3000],
      [1001, 2500, 9000],
      [1002, 2600, 9000],
    ],
  );
});
