import assert from "node:assert/strict";
import { test } from "node:test";
import { namedLinks, parseLink } from "./link-conditions.ts";

test("conditions are said part by part, with their units", () => {
  assert.deepEqual(parseLink("rtt=80ms,down=10mbit"), { rttMs: 80, downBitsPerSecond: 10e6 });
  assert.deepEqual(parseLink("rtt=0.1s, jitter=5ms, up=500kbit, loss=1%"), {
    rttMs: 100,
    jitterMs: 5,
    upBitsPerSecond: 500e3,
    lossShare: 0.01,
  });
});

test("a named link may be taken as it is or with other values, and is called by its name only as it is", () => {
  assert.deepEqual(parseLink("4g"), { name: "4g", ...namedLinks["4g"] });
  assert.deepEqual(parseLink("4g,rtt=120ms"), { ...namedLinks["4g"], rttMs: 120 });
});

test("what cannot be meant is refused with what exists", () => {
  const refuses = (text: string, message: RegExp): void => assert.throws(() => parseLink(text), message);
  refuses("5g", /did you mean "4g"\? expected one of lan, dsl, 4g/);
  refuses("rtt=80", /duration with its unit.*got "80"/);
  refuses("rtt=80ms,drop=1%", /expected rtt=, jitter=, down=, up=, loss=, by= in a link, got "drop=1%"/);
  refuses("down=10", /10mbit or 500kbit, got "10"/);
  refuses("rtt=10ms,jitter=6ms", /at most half the round-trip time, 5 ms, got 6 ms/);
  refuses("4g,by=netem", /rtt= and loss= only with by=netem/);
  refuses("rtt=10ms,by=kernel", /unknown emulator "kernel": expected one of netem/);
});

test("the kernel may be asked to emulate it", () => {
  assert.deepEqual(parseLink("rtt=80ms,loss=1%,by=netem"), { rttMs: 80, lossShare: 0.01, by: "netem" });
});
