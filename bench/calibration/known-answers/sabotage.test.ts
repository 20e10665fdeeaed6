/** The checks can fail: harnesses broken on purpose, on a time of their own, before the functions that judge them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerPlans, type KnownAnswer } from "../../../load/behaviours/answer-script.ts";
import type { AnswerPlan } from "../../../load/behaviours/known-answer.ts";
import { emptyLedger, type FlowRecord } from "../../../load/flows/flow.ts";
import { RoundTripFlow } from "../../../load/flows/round-trip.ts";
import type { Load } from "../../../load/flows/traffic.ts";
import type { Outlet, WindowOrder } from "../../../load/flows/window.ts";
import { ManualTimeline } from "../../../load/pacing/manual-timeline.ts";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { MessageCodec } from "../../../protocol/messages/message.ts";
import { seededRandom } from "../../../protocol/random.ts";
import type { Flow } from "../../../results/recording/flows.ts";
import {
  type Check,
  checkCounts,
  checkDelays,
  checkFreezeInClosedLoop,
  checkLittle,
  checkPunctuality,
} from "./checks.ts";
import { delaysOf, type ObservedWindow } from "./trial.ts";

const ms = 1e6;
const [rampUpMs, durationMs, connections] = [100, 1700, 4];
const open: Load = { kind: "open", ratePerSecond: 500 };
const closed: Load = { kind: "closed", inFlight: 1 };
const schedule = { ratePerSecond: 500, connections, rampUpMs, durationMs };

interface Sabotage {
  /** Processor time of each send. */
  sendCostNs?: number;
  /** The pacer leaves out what it is late for. */
  skips?: boolean;
  /** Stops the generator's process once, at this time of the window, for half a second. */
  stallsAtMs?: number;
  /** What the broken recorder makes of the delays. */
  record?: (delaysNs: number[]) => number[];
}

/** An open loop whose pacer asks what is due now, and forgets what was due while nobody asked. */
class SkippingFlow {
  readonly #service = new LatencyHistogram();
  readonly #dispatch = new LatencyHistogram();
  readonly #sentNs: number[] = [];
  readonly #run: (finish: () => void) => void;
  #received = 0;
  readonly #timeline: ManualTimeline;
  readonly #window: WindowOrder;

  constructor(timeline: ManualTimeline, codec: MessageCodec, window: WindowOrder, outlets: readonly Outlet[]) {
    this.#timeline = timeline;
    this.#window = window;
    const periodNs = 2 * ms;
    this.#run = (finish) => {
      const tick = (): void => {
        const now = timeline.nowNs();
        if (now >= window.endNs) {
          finish();
          return;
        }
        const index = this.#sentNs.push(now) - 1;
        const sequence = Math.floor(index / outlets.length);
        outlets[index % outlets.length]!.send(codec.encode("data", window.index, sequence, now, now));
        if (now >= window.startNs) this.#dispatch.record(0);
        timeline.at((Math.floor(now / periodNs) + 1) * periodNs, tick);
      };
      timeline.at(window.rampUpStartNs, tick);
    };
  }

  run(): Promise<void> {
    return new Promise((resolve) => this.#run(resolve));
  }

  receive(): void {
    const sentNs = this.#sentNs[this.#received++]!;
    if (sentNs >= this.#window.startNs) this.#service.record(this.#timeline.nowNs() - sentNs);
  }

  record(): FlowRecord {
    const counts = { sentMessages: this.#sentNs.length, receivedMessages: this.#received };
    const [service, dispatch] = [this.#service.encode(), this.#dispatch.encode()];
    const ledger = { ...emptyLedger(), ...counts };
    return { service, dispatch, scheduled: service, ledger, timedMessages: 0, receivedInWindow: 0, carriedMessages: 0 };
  }
}

const costNs = (random: () => number): number => (0.1 + 0.05 * random()) * ms;

/** A window of the real flow against a scripted server, in simulated time. */
async function simulate(load: Load, answer?: KnownAnswer, sabotage: Sabotage = {}): Promise<ObservedWindow> {
  const timeline = new ManualTimeline();
  const codec = new MessageCodec({ kind: "text", payloadBytes: 64, seed: 1 });
  const order = { name: "w", flows: {}, index: 1, rampUpStartNs: 0, startNs: rampUpMs * ms, connections: 1, seed: 1 };
  const window: WindowOrder = { ...order, endNs: (rampUpMs + durationMs) * ms };
  const plan: AnswerPlan | undefined = answer && answerPlans({ w: answer })(window);
  const imposed = { plannedNs: [] as number[], imposedNs: [] as number[], reorderedMessages: 0 };
  const random = seededRandom(1);
  const lastNs = new Float64Array(connections);
  const outlets = Array.from({ length: connections }, (_, connection) => ({
    send(payload: string | Uint8Array) {
      const message = { ...codec.decode(payload)! };
      timeline.freeze(sabotage.sendCostNs ?? 0);
      const delayNs = plan?.delayNs(message.sequence, connection, timeline.nowNs()) ?? 0;
      if (message.scheduledNs >= window.startNs) imposed.imposedNs.push(delayNs);
      const hand = (): void => {
        for (let copy = plan?.copies(message.sequence) ?? 1; copy > 0; copy--) flow.receive(connection, payload);
      };
      // A connection keeps order unless the script says otherwise.
      const arrivesNs = timeline.nowNs() + delayNs + costNs(random);
      lastNs[connection] = delayNs === 0 ? Math.max(lastNs[connection]! + 1, arrivesNs) : lastNs[connection]!;
      timeline.at(delayNs === 0 ? lastNs[connection]! : arrivesNs, () => {
        hand();
      });
    },
  }));
  const flow = sabotage.skips
    ? new SkippingFlow(timeline, codec, window, outlets)
    : new RoundTripFlow(timeline, codec, window, load, outlets);
  const sending = flow.run();
  if (sabotage.stallsAtMs !== undefined) {
    timeline.advance((rampUpMs + sabotage.stallsAtMs) * ms);
    timeline.freeze(500 * ms);
  }
  timeline.advance(window.endNs);
  await sending;
  timeline.advance(window.endNs + 2000 * ms);
  const { ledger, receivedInWindow, ...histograms } = flow.record();
  const record = sabotage.record;
  if (record !== undefined) histograms.service = encode(record(delaysOf(histograms.service!)));
  return {
    flow: {
      name: "roundTrip",
      achievedRatePerSecond: (receivedInWindow * 1000) / durationMs,
      histograms,
      ledger,
    } as Flow,
    imposed,
    machine: { latenessNs: () => 0, contended: false },
  };
}

function encode(delaysNs: readonly number[]): string {
  const histogram = new LatencyHistogram();
  for (const delayNs of delaysNs) histogram.record(delayNs);
  return histogram.encode();
}

/** HdrHistogram's correction for coordinated omission: samples nobody measured. */
const backFill = (delaysNs: number[]): number[] =>
  delaysNs.flatMap((delayNs) => {
    const filled = [delayNs];
    for (let missing = delayNs - 2 * ms; missing > 0; missing -= 2 * ms) filled.push(missing);
    return filled;
  });

const busy: Load = { kind: "closed", inFlight: 16 };
const slow: KnownAnswer = { kind: "constant", delayNs: 5 * ms };
const verdicts = (checks: readonly Check[]): string[] => checks.map(({ verdict }) => verdict);
const exponential: KnownAnswer = { kind: "exponential", meanNs: 30 * ms, seed: 1 };
const freeze: KnownAnswer = { kind: "freeze", afterNs: 300 * ms, lengthNs: 1000 * ms };
const percentiles = [50, 90, 99];
const delayed = async (sabotage?: Sabotage): Promise<Check[]> => {
  const references = [await simulate(open), await simulate(open)];
  return checkDelays({ name: "d", window: await simulate(open, exponential, sabotage), references, percentiles });
};

test("an honest harness passes every check", async () => {
  assert.deepEqual(verdicts(await delayed()), ["passed", "passed", "passed"]);
  const plain = await simulate(open);
  assert.equal(checkCounts("c", plain, schedule).verdict, "passed");
  assert.equal(checkPunctuality("p", plain, [plain]).verdict, "passed");
  assert.equal(checkLittle(await simulate(busy, slow), 64, durationMs).verdict, "passed");
  const frozen = await simulate(closed, freeze);
  assert.deepEqual(verdicts(checkFreezeInClosedLoop(frozen, await simulate(closed), 1000 * ms)), ["passed", "passed"]);
  const window = await simulate(open, freeze);
  const scheduled = { name: "f", window, references: [plain], percentiles: [99], histogram: "scheduled" } as const;
  assert.deepEqual(verdicts(checkDelays(scheduled)), ["passed"]);
});

for (const answer of [
  { kind: "drop", every: 20, at: 7 },
  { kind: "duplicate", every: 15, at: 3 },
] as const) {
  test(`a ledger that knows nothing of a ${answer.kind} is missed, an exact one passes`, async () => {
    const window = await simulate(open, answer);
    assert.equal(checkCounts("c", window, schedule, answer).verdict, "passed");
    assert.equal(checkCounts("c", await simulate(open), schedule, answer).verdict, "missed");
    assert.equal(checkCounts("c", window, schedule).verdict, "missed");
  });
}

test("a pacer that skips late messages is missed: fewer were sent than were due", async () => {
  assert.equal(checkCounts("c", await simulate(open, undefined, { stallsAtMs: 600 }), schedule).verdict, "passed");
  assert.equal(checkCounts("c", await simulate(open, undefined, { skips: true }), schedule).verdict, "passed");
  const skipped = await simulate(open, undefined, { skips: true, stallsAtMs: 600 });
  assert.equal(checkPunctuality("p", skipped, [skipped]).verdict, "passed", "its books know nothing of it");
  assert.equal(checkCounts("c", skipped, schedule).verdict, "missed");
});

test("a recorder that back-fills is missed: the freeze shows in the closed loop's p99, and delays nobody had", async () => {
  const usual = await simulate(closed);
  const frozen = await simulate(closed, freeze, { record: backFill });
  assert.deepEqual(verdicts(checkFreezeInClosedLoop(frozen, usual, 1000 * ms)), ["missed", "passed"]);
  const window = await simulate(open, exponential, { record: backFill });
  assert.equal(checkCounts("c", window, schedule).verdict, "missed");
  assert.ok(verdicts(await delayed({ record: backFill })).includes("missed"));
});

test("a recorder that loses the freeze is missed", async () => {
  const withoutLongest = (delays: number[]): number[] => delays.filter((delayNs) => delayNs < 100 * ms);
  const frozen = await simulate(closed, freeze, { record: withoutLongest });
  assert.deepEqual(verdicts(checkFreezeInClosedLoop(frozen, await simulate(closed), 1000 * ms)), ["passed", "missed"]);
});

test("a generator that saturates is missed: its messages leave late, by their own books", async () => {
  const window = await simulate(open, undefined, { sendCostNs: 2.2 * ms });
  assert.equal(checkCounts("c", window, schedule).verdict, "passed");
  assert.equal(checkPunctuality("p", window, [window]).verdict, "missed");
});

test("a recorder that adds the same to every delay is missed by Little's law, though undelayed round trips hide it", async () => {
  const record = (delays: number[]): number[] => delays.map((delayNs) => delayNs + 0.5 * ms);
  const window = await simulate(busy, slow, { record });
  assert.equal(checkLittle(window, 64, durationMs).verdict, "missed");
});

test("a recorder that stretches, or cuts its tail, is missed", async () => {
  const stretched = await delayed({ record: (delays) => delays.map((delayNs) => delayNs * 1.03) });
  assert.deepEqual(verdicts(stretched), ["missed", "missed", "missed"]);
  const trimmed = await delayed({ record: (delays) => delays.toSorted((a, b) => a - b).slice(0, -40) });
  assert.equal(verdicts(trimmed).at(-1), "missed");
});

test("a process kept from its core turns every verdict on delays into too noisy, never into a pass or an alarm", async () => {
  const contended = { latenessNs: () => 0, contended: true };
  const references = [await simulate(open)];
  for (const record of [undefined, (delays: number[]) => delays.map((delayNs) => delayNs * 1.5)]) {
    const window = { ...(await simulate(open, exponential, record && { record })), machine: contended };
    const checks = checkDelays({ name: "d", window, references, percentiles });
    assert.deepEqual(verdicts(checks), ["too noisy", "too noisy", "too noisy"]);
  }
});
