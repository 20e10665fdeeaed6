import { nowNs } from "../../protocol/clock.ts";
import { compresses } from "../../protocol/options/deflate.ts";
import { speaksHttp2 } from "../../protocol/options/h2.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Window } from "../../results/contract/results.ts";
import { median } from "../../results/statistics/moments.ts";
import type { BehaviourOrder } from "../rigs/processes/server.ts";
import type { RigContext } from "../rigs/rig.ts";
import { type HeadOfLineOrder, type Passage, headOfLine as role } from "../rigs/roles/head-of-line.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import { deliveryFloorMs, type Target } from "../targets/target.ts";
import { needsOwnServer } from "./comparison/one-way.ts";
import type { CellPlan, Experiment, Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface HeadOfLineCell
  extends CellPlan,
    Pick<HeadOfLineOrder, "probeOn" | "windowBytes" | "largeBytes" | "repeats"> {
  readonly variant: string;
  readonly link: LinkConditions & { readonly downBitsPerSecond: number };
  readonly behaviour: BehaviourOrder;
}

const probeBytes = 64;
const largeBytes = 1024 * 1024;
/** So slow that it, and no machine, is what a message waits for. */
const ownLink = { rttMs: 20, downBitsPerSecond: 20e6 } as const;
const gapMs = ownLink.rttMs;
const repeats = 2;
const trialsMax = 3;
const patienceMs = 60_000;
/** What the emulated line has before it, and at most reads at once: in a real one, the queue of a router. */
const lineQueueBytes = (256 + 64) * 1024;
/** RFC 9113 section 6.9.2. */
const initialWindowBytes = 65_535;
/** Of the time that the large message needs: what a machine with more to do may add to a small one, or take off the difference. */
const reach = { added: 0.25, taken: 0.1 };

interface Place extends Pick<HeadOfLineCell, "variant" | "probeOn" | "windowBytes"> {
  /** Bytes before the probe at most, or whether all of them are. */
  readonly waits: "all" | { readonly bytesMax: number; readonly why: string };
  readonly statement: string;
}

const places: readonly Place[] = [
  {
    variant: "same connection",
    probeOn: "same",
    waits: "all",
    statement: "on the same connection a small message waits for all that is left of the large one",
  },
  {
    variant: "second connection",
    probeOn: "second",
    waits: { bytesMax: lineQueueBytes, why: "the queue before the line" },
    statement: "on a second connection it waits for what already stands in the queue of the line, and no more",
  },
];

const streams: readonly Place[] = [
  {
    variant: "second stream",
    probeOn: "stream",
    waits: "all",
    statement: "a second stream does not help where the window of the first lets all of the large message go at once",
  },
  {
    variant: "second stream, windows of 64 KiB",
    probeOn: "stream",
    windowBytes: initialWindowBytes,
    waits: { bytesMax: initialWindowBytes, why: "the window of the first stream" },
    statement: "a second stream waits for no more than the window of the first has let go",
  },
];

/** How long the line takes for them, in milliseconds. */
const lineMs = (bytes: number, { downBitsPerSecond }: HeadOfLineCell["link"] = ownLink): number =>
  (bytes * 8 * 1000) / downBitsPerSecond;

function expectationFor(target: Target, { waits, statement }: Place): CellPlan["expectations"][number] {
  const metric = "heldUpOverLineTimeRatio";
  const leftMs = lineMs(largeBytes) - gapMs;
  if (waits === "all") {
    // Six bits of eight are random: no compression takes off more.
    const share = compresses(target.options) ? 0.75 : 1;
    const low = share - reach.taken;
    const formula = `${largeBytes} B x 8 / 20 Mbit/s = ${Math.round(lineMs(largeBytes))} ms, less what was through when the small one was asked for`;
    return { statement, formula: `${formula}: ${low} of it or more`, metric, expected: { low } };
  }
  const floorMs = deliveryFloorMs(target);
  const high = (lineMs(waits.bytesMax) + 2 * floorMs) / leftMs + reach.added;
  const formula = `${waits.why}: ${waits.bytesMax} B x 8 / 20 Mbit/s${floorMs > 0 ? `, and two intervals of ${floorMs} ms` : ""}, over ${Math.round(leftMs)} ms: at most ${high.toFixed(2)} with the machine's ${reach.added}`;
  return { statement, formula, metric, expected: { high } };
}

const cells = ({ targets }: RunRequest): HeadOfLineCell[] =>
  targets.flatMap((target) =>
    [...places, ...(speaksHttp2(target.options) ? streams : [])].map((place): HeadOfLineCell => {
      const { variant, probeOn, windowBytes } = place;
      return {
        target,
        variant,
        probeOn,
        ...(windowBytes !== undefined && { windowBytes }),
        largeBytes,
        repeats,
        link: ownLink,
        behaviour: { name: "sized" },
        trialsMax,
        messageBytes: largeBytes,
        parameters: {
          connections: probeOn === "second" ? 2 : 1,
          payloadBytes: probeBytes,
          client: "library",
          link: ownLink,
          settings: { largeBytes, probeBytes, gapMs, ...(windowBytes !== undefined && { windowBytes }) },
        },
        expectations: [expectationFor(target, place)],
      };
    }),
  );

const open = ({ target, behaviour }: HeadOfLineCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open({ target, behaviour, codec: { kind: "text", payloadBytes: probeBytes, seed: 0 } }, context);

async function* measure(rig: SystemRig, cell: HeadOfLineCell): AsyncGenerator<Window, Outcome> {
  const { target, probeOn, windowBytes, link } = cell;
  const { protocol, options } = target;
  const order = { protocol, options, probeOn, probeBytes, gapMs, ...(windowBytes !== undefined && { windowBytes }) };
  const play = (url: string, bytes: number, times: number): Promise<readonly Passage[]> =>
    rig.play(role, { ...order, url, largeBytes: bytes, repeats: times } satisfies HeadOfLineOrder, patienceMs);
  await play(rig.system.url, cell.largeBytes, 1);
  const { url } = await rig.linkTo(rig.system.url, link);
  const startNs = rig.startClock();
  const passages = await play(url, cell.largeBytes, cell.repeats);
  const durationMs = (nowNs() - startNs) / 1e6;
  yield { name: "large messages", startMs: 0, durationMs, measures: { passages: passages.length }, histograms: {} };
  // Whatever disturbs one only adds to its time.
  const aloneNs = Math.min(...passages.map((passage) => passage.aloneNs));
  const lineNs = lineMs(cell.largeBytes, link) * 1e6;
  // What was asked for when most of the large one was through says little.
  const told = passages.filter(({ gapNs }) => gapNs < lineNs / 2);
  if (told.length === 0) return { measures: {} };
  const middle = (of: (passage: Passage) => number): number => median(told.map(of));
  return {
    measures: {
      probeAloneP50Us: middle((passage) => passage.aloneNs) / 1000,
      probeBehindLargeP50Us: middle(({ behindNs }) => behindNs) / 1000,
      largeMessageP50Us: middle(({ largeNs }) => largeNs) / 1000,
      heldUpOverLineTimeRatio: middle(({ behindNs, gapNs }) => (behindNs - aloneNs) / (lineNs - gapNs)),
    },
  };
}

/** A small message behind a large one. */
export const headOfLine: Experiment<HeadOfLineCell, SystemRig> = {
  name: "head-of-line",
  group: "latency",
  title: "Head-of-line: a small message behind a large one",
  question:
    "A message of 1 MiB is on its way down a line of 20 Mbit/s: how long does one of 64 B wait that comes after it?",
  lesson:
    "A connection delivers in order, so whatever follows a large message waits until all of it is through: split it, or send it on another connection. That helps as far as the queue of the line is not full of it already. A stream of HTTP/2 helps only as far as its sender has kept something back: a window of 6 MiB, as in browsers, lets the whole message go at once and everything after it stand behind, one of 64 KiB lets a small one in between and makes the large one slower where the line is long.",
  presets: ["full"],
  follows: [],
  metrics: ["heldUpOverLineTimeRatio", "probeBehindLargeP50Us", "probeAloneP50Us", "largeMessageP50Us"],
  isolation: "exclusive",
  cells,
  unfit: needsOwnServer("large messages on demand come from"),
  open,
  measure,
  trafficMs: (cell) => cell.repeats * (lineMs(cell.largeBytes) + 3 * ownLink.rttMs),
  /** A large message that is none, on a line so slow that no machine takes as long as the large one would. */
  sabotage(request) {
    const [cell] = cells(request);
    const link = { ...ownLink, downBitsPerSecond: ownLink.downBitsPerSecond / 4 };
    return { cell: { ...cell!, link, behaviour: { name: "sized", share: 0.1 } }, fails: "heldUpOverLineTimeRatio" };
  },
};
