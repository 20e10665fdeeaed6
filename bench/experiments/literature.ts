import type { Load } from "../../load/flows/traffic.ts";
import type { WindowPlan } from "../../load/flows/window.ts";
import type { Window } from "../../results/contract/results.ts";
import { formatCount } from "../../results/quantities/format.ts";
import { pushMeasures } from "../../results/recording/push-measures.ts";
import { trafficMeasures } from "../../results/recording/traffic-measures.ts";
import type { Rig, RigContext } from "../rigs/rig.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import { protocols } from "../targets/protocols.ts";
import { embeddedTarget, type Target, traitsOf } from "../targets/target.ts";
import { delaysNamed, ledgerMetrics } from "./comparison/measured.ts";
import { needsPush } from "./comparison/one-way.ts";
import { isPlainlySpoken } from "./comparison/opening-steps.ts";
import { type TrafficCell, trafficCells, trafficParameters } from "./comparison/traffic-cell.ts";
import type { CellPlan, Experiment, Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";
import {
  framingExpectations,
  publishedExchange,
  publishedFraming,
  publishedPushes,
  publishedRttMs,
} from "./literature/published.ts";
import { wire } from "./wire.ts";

type WireCell = ReturnType<typeof wire.cells>[number];

/** `exchange` and `push` cross the link of what was published; `framing` is counted beside it. */
type LiteratureCell = CellPlan &
  (
    | { readonly shows: "exchange" | "push"; readonly traffic: TrafficCell }
    | { readonly shows: "framing"; readonly wire: WireCell }
  );

const link = { rttMs: publishedRttMs };
const rttUs = publishedRttMs * 1000;
/** Many who ask seldom: at such a distance nobody gets many answers. */
const exchanging = 12;
const pushed = 64;
/** To each user: a value finds a request waiting as often as not, see `expectedParkedShare`. */
const valuesPerSecond = 3.5;
const rampUpMs = 500;
const exchangeMs = 2000;
const pushMs = 1500;
/** What is known to the byte needs no more. */
const framingTrialsMax = 1;
const trialsMax = 3;
const payloadBytes = 64;

const cells = (request: RunRequest): LiteratureCell[] =>
  request.targets.flatMap((target) => [
    // Of a request and its response nothing is published here: it takes a round trip, as ping does.
    ...(traitsOf(target).downlink === "response" ? [] : [over162Ms(request, target, "exchange")]),
    ...(traitsOf(target).downlink === "held-request" ? [over162Ms(request, target, "push")] : []),
    ...framingCells(request, target),
  ]);

function over162Ms(request: RunRequest, target: Target, shows: "exchange" | "push"): LiteratureCell {
  const isExchange = shows === "exchange";
  const connections = isExchange ? exchanging : pushed;
  const durationMs = isExchange ? exchangeMs : pushMs;
  const load: Load = isExchange
    ? { kind: "closed", inFlight: 1 }
    : { kind: "open", ratePerSecond: connections * valuesPerSecond, arrivals: "poisson" };
  const [traffic] = trafficCells(
    {
      ...request,
      targets: [target],
      traffic: {
        ...request.traffic,
        ...{ connections, payloadBytes, durationMs, rampUpMs, link },
        ...{ workers: 1, turns: 1, warmupMs: 0, payloadKind: "text" },
      },
    },
    {
      behaviour: { name: isExchange ? "echo" : "traffic" },
      load,
      expectations: isExchange ? publishedExchange(target) : publishedPushes,
    },
  );
  const { expectations, parameters } = traffic!;
  const variant = `${isExchange ? "exchange" : "pushed values"} at ${publishedRttMs} ms`;
  return { target, variant, parameters, expectations, trialsMax, shows, traffic: traffic! };
}

function framingCells(request: RunRequest, target: Target): LiteratureCell[] {
  const published = publishedFraming(target);
  if (published === undefined || target.system.kind !== "embedded" || !isPlainlySpoken(target)) return [];
  const [plan] = wire.cells({ ...request, targets: [target] });
  return published.sizesBytes.map((bytes) => {
    const parameters = { ...plan!.parameters, payloadBytes: bytes };
    const expectations = framingExpectations(published, bytes);
    return {
      ...{ target, variant: `framing of ${formatCount(bytes)} B`, parameters, expectations },
      ...{ trialsMax: framingTrialsMax, shows: "framing", wire: { ...plan!, parameters } },
    };
  });
}

const open = (cell: LiteratureCell, context: RigContext): Promise<Rig> =>
  cell.shows === "framing" ? wire.open(cell.wire, context) : ServerRig.open(cell.traffic, context);

async function* measure(rig: Rig, cell: LiteratureCell): AsyncGenerator<Window, Outcome> {
  if (cell.shows === "framing" && rig instanceof SystemRig) return yield* wire.measure(rig, cell.wire);
  if (cell.shows !== "framing" && rig instanceof ServerRig) return yield* overLink(rig, cell);
  throw new TypeError("a cell is measured on the rig that was opened for it");
}

type OverLink = Extract<LiteratureCell, { readonly shows: "exchange" | "push" }>;

async function* overLink(rig: ServerRig, { shows, traffic }: OverLink): AsyncGenerator<Window, Outcome> {
  const { load, parameters, ...times } = { ...trafficParameters(traffic), parameters: traffic.parameters };
  const { connections } = parameters;
  // All at once: nobody times how they connect.
  await rig.connect(connections, connections);
  const plan: WindowPlan = { name: shows, flows: shows === "exchange" ? { roundTrip: load } : { downlink: load } };
  const window = await rig.window(plan, times);
  if (rig.failure !== undefined) throw new Error(rig.failure);
  yield window;
  const measures = trafficMeasures({ windows: [window], histograms: {} }, parameters);
  const { roundTripP50Us } = measures;
  return {
    measures: {
      ...measures,
      ...(shows === "push" && pushMeasures(window, parameters)),
      ...(roundTripP50Us !== undefined && { exchangeOverRoundTripP50Ratio: roundTripP50Us / rttUs }),
    },
  };
}

/** What others have published, measured again. */
export const literature: Experiment<LiteratureCell> = {
  name: "literature",
  group: "calibration",
  title: "Calibration against the literature",
  question: "Does this harness see what others have published?",
  lesson: `Figures of others hold for their set-up, so bounds are predicted and not points. The published pings went from a browser through Strophe and SockJS to ejabberd, one after the other, and a run of ${publishedRttMs} ms is what ping said of a real network; here a message of ${payloadBytes} B is echoed over an emulated link, and the median is told in place of the mean. Short polling: a message goes up in a request that is answered, and the poll behind it on the same connection brings the echo, 2 round trips where a client asks again sooner than an answer can come; the published xhr-polling holds its requests and took 2.3 all the same, for reasons the article does not tell. Held requests need fewer here because what goes up has a connection of its own beside the request that waits. Of the published 3 of BOSH, 1.3 are a timer of that server: a ping took it 215 ms without any distance.`,
  presets: ["full"],
  follows: ["client", "drainMs"],
  metrics: [
    "exchangeOverRoundTripP50Ratio",
    ...delaysNamed("roundTrip"),
    "parkedShare",
    "parkedPollOverTransitP50Ratio",
    "betweenPollsOverTransitP50Ratio",
    "betweenPollsOverTransitP90Ratio",
    ...delaysNamed("parkedPoll", "betweenPolls"),
    "upFramingBytes",
    "downFramingBytes",
    ...ledgerMetrics,
  ],
  // Beside such a distance, what the machine does is nothing.
  isolation: "shared",
  cells,
  unfit: (cell) => (cell.shows === "push" ? needsPush("values are published by")(cell) : undefined),
  open,
  measure,
  trafficMs: (cell) =>
    cell.shows === "framing"
      ? wire.trafficMs(cell.wire)
      : rampUpMs + (cell.parameters.durationMs ?? 0) + 8 * publishedRttMs,
  /** A server that puts a header of its own before everything it sends back. */
  sabotage(request) {
    const framed = protocols.map(({ server }) => embeddedTarget(server.traits.name)).find(publishedFraming);
    const cell = cells({ ...request, targets: [framed!] }).find(({ shows }) => shows === "framing")!;
    if (cell.shows !== "framing") throw new TypeError("a framing is published of this target");
    const behaviour = { name: "echo", header: "one more header: " } as const;
    return { cell: { ...cell, wire: { ...cell.wire, behaviour } }, fails: "downFramingBytes" };
  },
};
