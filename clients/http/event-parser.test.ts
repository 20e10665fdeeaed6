import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "./event-parser.ts";

/** What an EventSource would tell of these bytes (WHATWG HTML section 9.2.6), fed in pieces of so many. */
function eventsIn(stream: string | Buffer, pieceBytes: number, eventBytesMax = 1000): (string | [string, string])[] {
  const seen: (string | [string, string])[] = [];
  const parser = new EventParser(
    eventBytesMax,
    (type, data) => void seen.push([type, data]),
    (reason) => void seen.push(reason),
  );
  const bytes = Buffer.from(stream);
  for (let at = 0; at < bytes.length; at += pieceBytes) parser.push(bytes.subarray(at, at + pieceBytes));
  return seen;
}

const streams: Record<string, [stream: string, events: [string, string][]]> = {
  "an event with a type, and one without": [
    "event: add\ndata: 1\n\ndata: 2\n\n",
    [
      ["add", "1"],
      ["message", "2"],
    ],
  ],
  "every line end there is": [
    "data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r",
    [
      ["message", "a\nb\nc"],
      ["message", "d"],
    ],
  ],
  "at most one space before a value": ["data:a\ndata: b\ndata:  c\n\n", [["message", "a\nb\n c"]]],
  "comments and fields that mean nothing here": [":ping\nid: 7\nretry: 1\ndatum: x\ndata: y\n\n", [["message", "y"]]],
  "colons in a value": ["data: a:b: c\n\n", [["message", "a:b: c"]]],
  "no event without data, and a type that does not outlive it": ["event: x\n\ndata: y\n\n", [["message", "y"]]],
  "a field without a colon": [
    "data\n\ndata\ndata\n\n",
    [
      ["message", ""],
      ["message", "\n"],
    ],
  ],
  "a byte order mark at the start, and nowhere else": ["\ufeffdata: \ufeff\n\n", [["message", "\ufeff"]]],
  "characters of several bytes": ["data: €😀\n\n", [["message", "€😀"]]],
  "no event that its blank line does not end": ["data: a\n\ndata: b\n", [["message", "a"]]],
};

for (const [title, [stream, events]] of Object.entries(streams)) {
  test(`reads ${title}, however it is cut`, () => {
    for (const pieceBytes of [1, 2, 3, 7, 1000]) assert.deepEqual(eventsIn(stream, pieceBytes), events);
  });
}

test("holds no more of an event than the limit, be it one line or many, and reads nothing after it", () => {
  const told = ["an event has more than 100 bytes"];
  for (const pieceBytes of [10, 1000]) {
    assert.deepEqual(eventsIn(`data: ${"x".repeat(101)}\n\ndata: y\n\n`, pieceBytes, 100), told);
    assert.deepEqual(eventsIn(`${"data: 12345678\n".repeat(20)}\ndata: y\n\n`, pieceBytes, 100), told);
  }
  assert.deepEqual(eventsIn("data: never ends".padEnd(300, "."), 10, 100), told);
});

test("tells with each event the last id there was, and keeps none that could not be sent back", () => {
  const seen: string[] = [];
  const parser = new EventParser(
    1000,
    (_type, data, lastEventId) => void seen.push(`${data} ${lastEventId}`),
    (reason) => assert.fail(reason),
  );
  parser.push(Buffer.from("data: a\n\nid: 7\ndata: b\n\ndata: c\n\nid: 8\n\ndata: d\n\n"));
  parser.push(Buffer.from(`id: 9\0\ndata: e\n\nid: ${"x".repeat(2000)}\ndata: f\n\nid\ndata: g\n\n`));
  assert.deepEqual(seen, ["a ", "b 7", "c 7", "d 8", "e 8", "f 8", "g "]);
});

test("tells when to come back, within bounds, of digits only", () => {
  const told: number[] = [];
  const parser = new EventParser(1000, assert.fail, assert.fail, (ms) => void told.push(ms));
  parser.push(Buffer.from("retry: 300\nretry:0\nretry: 1e3\nretry: -5\nretry\nretry: 99999999999999999999\n\n"));
  assert.deepEqual(told, [300, 10, 60_000]);
});
