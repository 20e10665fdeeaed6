/** `verify` can fail: the harness broken on purpose, each time in one way, and each is caught. Honest, it never fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RoundTripFlow } from "../../../load/flows/round-trip.ts";
import { WireByteCounter } from "../../../load/metering/wire-bytes.ts";
import { ManualTimeline } from "../../../load/pacing/manual-timeline.ts";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { MessageCodec } from "../../../protocol/messages/message.ts";
import { FrameParser } from "../../../protocol/wires/frame.ts";
import { ServerRig } from "../../rigs/server-rig.ts";
import { protocolNamed } from "../../targets/protocols.ts";
import type { Check } from "../known-answers/check.ts";
import { floorName } from "../known-answers/trials.ts";
import { checkKnownAnswers } from "../known-answers/verification.ts";
import { checkWireBytes } from "../known-answers/wire-bytes.ts";
import { type GeneratorSabotage, inGenerator, sabotageGenerators, sabotageMethod, sabotageReading } from "./testing.ts";

/** The checks of some windows, tried again as `verify` does. */
async function verify(...windows: string[]): Promise<Check[]> {
  const { signal } = new AbortController();
  const seen = await checkKnownAnswers(floorName, () => {}, signal, new Set(windows));
  assert.ok(
    windows.every((name) => seen.some((check) => check.name.startsWith(name))),
    "a window is not known",
  );
  return seen;
}

function assertFails(checks: readonly Check[], expected: RegExp): void {
  const failed = checks.filter(({ verdict }) => verdict === "failed").map(({ name }) => name);
  assert.ok(
    failed.some((name) => expected.test(name)),
    `expected ${expected} to fail:\n${checks.map((check) => Object.values(check).join(" | ")).join("\n")}`,
  );
}

/** In which window of `verify` it is caught, and by which check. */
const caught: Record<GeneratorSabotage, { readonly window: string; readonly by: RegExp }> = {
  "one recording in 10,000 is dropped": { window: "open loop, 8,000/s", by: /counts/ },
  "messages that are late are not recorded": { window: "open loop, freeze of 0.5 s", by: /counts/ },
  "the longest delays are cut": { window: "closed loop, freeze of 0.5 s", by: /round trip max/ },
  "delays are in a unit that is 2 % off": { window: "open loop, freeze of 0.5 s", by: /dispatch/ },
  "a closed loop fills in what it did not send": { window: "closed loop, freeze of 0.5 s", by: /counts/ },
  "a closed loop's delays are 300 µs longer": { window: "closed loop", by: /round trip p50/ },
  "the schedule is the time of sending": { window: "open loop", by: /send times/ },
  "messages say that they were sent a millisecond later": { window: "open loop", by: /send times/ },
  "the window is shifted by 50 ms": { window: "open loop", by: /counts/ },
  "duplicates of a connection are counted once": { window: "duplicates", by: /counts/ },
  "the bytes of one direction are counted twice": { window: "drops", by: /bytes/ },
};

for (const [name, { window, by }] of Object.entries(caught)) {
  test(`caught: ${name}`, async () => {
    using _ = sabotageGenerators(name as GeneratorSabotage);
    assertFails(await verify(window), by);
  });
}

test("caught: a client has a message wait for another turn of the event loop", async () => {
  const counter = new WireByteCounter();
  const check = (): Promise<Check[]> => checkWireBytes(protocolNamed(floorName), counter);
  assert.deepEqual(
    (await check()).filter(({ verdict }) => verdict !== "passed"),
    [],
  );
  using _ = sabotageMethod(
    FrameParser.prototype,
    "push",
    (original) =>
      function push(this: FrameParser, chunk) {
        const kept = Buffer.from(chunk);
        setImmediate(() => original.call(this, kept));
      },
  );
  assertFails(await check(), /turn of their last byte/);
});

test("caught: every delay of an open loop is 300 µs longer", async () => {
  const p50Us = async (): Promise<number> => {
    const timeline = new ManualTimeline();
    const codec = new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });
    const window = {
      name: "w",
      flows: {},
      index: 1,
      rampUpStartNs: 0,
      startNs: 0,
      endNs: 1e9,
      connections: 1,
      seed: 1,
    };
    const send = (payload: string | Uint8Array): void => timeline.after(5, () => flow.receive(0, payload));
    const flow = new RoundTripFlow(timeline, codec, window, { kind: "open", ratePerSecond: 100 }, [{ send }]);
    void flow.run();
    timeline.advance(2e9);
    return LatencyHistogram.decode(flow.record().scheduled!).percentileNs(50) / 1000;
  };
  assert.equal(Math.round((await p50Us()) / 10), 500);
  using _ = sabotageMethod(
    LatencyHistogram.prototype,
    "record",
    (original) =>
      function record(this: LatencyHistogram, delayNs) {
        original.call(this, delayNs + 300_000);
      },
  );
  assert.equal(Math.round((await p50Us()) / 10), 530);
});

test("caught: the directions of a duplex window are swapped", async () => {
  const swapped = (name: string): string =>
    name.replace(/^(up|down)link/, (direction) => (direction === "uplink" ? "downlink" : "uplink"));
  const swap = <Value>(named: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(named).map(([name, value]) => [swapped(name), value]));
  using _ = sabotageMethod(
    ServerRig.prototype,
    "window",
    (original) =>
      async function window(this: ServerRig, ...order) {
        const seen = await original.apply(this, order);
        return { ...seen, measures: swap(seen.measures), histograms: swap(seen.histograms) };
      },
  );
  // On a busy machine delays of both directions are much alike; to the microsecond they never are.
  assertFails(await verify("duplex"), /downlink, (dispatch|from)/);
});

test("caught: a rate is 5 % too high", async () => {
  using _ = sabotageMethod(
    ServerRig.prototype,
    "window",
    (original) =>
      async function window(this: ServerRig, ...order) {
        const seen = await original.apply(this, order);
        const rate = "roundTripAchievedRatePerSecond";
        return { ...seen, measures: { ...seen.measures, [rate]: seen.measures[rate]! * 1.05 } };
      },
  );
  assertFails(await verify("open loop"), /rate/);
});

test("caught: the CPU time of the main thread only", async () => {
  using _ = sabotageReading("readdirSync", (path, threads) => {
    const pid = /^\/proc\/(\d+)\/task$/.exec(path)?.[1];
    return pid === undefined ? threads : (threads as string[]).filter((thread) => thread === pid);
  });
  assertFails(await verify("cpu"), /CPU time/);
});

test("caught: half of the memory", async () => {
  using _ = sabotageReading("readFileSync", (path, text) =>
    path.endsWith("/smaps_rollup")
      ? String(text).replace(/^Pss_Anon:\s+(\d+) kB$/m, (_line, kB) => `Pss_Anon: ${Math.round(Number(kB) / 2)} kB`)
      : text,
  );
  assertFails(await verify("memory"), /memory/);
});

test("not caught: nothing", async () => {
  const windows = new Set([...Object.values(caught).map(({ window }) => window), "duplex", "cpu", "memory"]);
  const failed = (await verify(...windows)).filter(({ verdict }) => verdict === "failed");
  assert.deepEqual(failed, []);
  assert.deepEqual(Object.keys(caught), Object.keys(inGenerator));
});
