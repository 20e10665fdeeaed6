import { nowNs } from "../../protocol/clock.ts";
import { tlsMode } from "../../protocol/options/tls.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Window } from "../../results/contract/results.ts";
import type { MetricName } from "../../results/metrics/metrics.ts";
import { delayMeasures } from "../../results/recording/delays.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import { fitLine, type Point } from "../../results/statistics/line.ts";
import type { RigContext } from "../rigs/rig.ts";
import { type ConnectOrder, type ConnectReport, connect as role } from "../rigs/roles/connect.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import type { Target } from "../targets/target.ts";
import { delaysNamed } from "./comparison/measured.ts";
import { countRoundTrips, firstEchoSteps, inWords, isCounted, type Step } from "./comparison/opening-steps.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

/** A distance, and where the time over it is kept. */
interface Way {
  /** Absent: loopback. */
  readonly link?: LinkConditions;
  readonly connections: number;
  /** In histograms. */
  readonly name: string;
  readonly metric?: MetricName;
}

interface ConnectCell extends CellPlan {
  readonly ways: readonly Way[];
  readonly messages: number;
}

/** Before a trial, untimed, on loopback: code is compiled by how often it ran. */
const warmups = 20;
/** Over a link, one after the other: what it takes is nearly all distance, which does not vary. */
const overLink = 5;
const overGivenLink = 20;
const patienceMs = 300_000;
const codec = { kind: "text", payloadBytes: 64, seed: 0 } as const;

/** Four distances, so that it shows whether it is a line; and none, which is measured without a relay. */
const distances: readonly Way[] = [
  { name: "coldStart", connections: 50 },
  { name: "coldStartAt20Ms", link: { rttMs: 20 }, connections: overLink },
  { name: "coldStartAt40Ms", metric: "coldStartAt40MsP50Us", link: { rttMs: 40 }, connections: overLink },
  { name: "coldStartAt80Ms", metric: "coldStartAt80MsP50Us", link: { rttMs: 80 }, connections: overLink },
  { name: "coldStartAt120Ms", metric: "coldStartAt120MsP50Us", link: { rttMs: 120 }, connections: overLink },
];
/** Timers of the relay are late by up to a millisecond each way, which is a hundredth of what a round trip adds. */
const slopeShare = 0.03;
const slopeMin = 0.25;

const parametersWith = (settings: CellPlan["parameters"]["settings"]): CellPlan["parameters"] => ({
  connections: 1,
  payloadBytes: codec.payloadBytes,
  client: "library",
  settings,
});

/** What is known of it: of an option that changes the wire, only that there is a connection and an echo. */
const stepsOf = (target: Target): readonly Step[] =>
  isCounted(target)
    ? firstEchoSteps(target)
    : [
        [1, "TCP"],
        [1, "message and echo"],
      ];

function expectationsFor(target: Target): CellPlan["expectations"] {
  const steps = stepsOf(target);
  const count = countRoundTrips(steps);
  const reach = Math.max(slopeMin, count * slopeShare);
  const isWhole = isCounted(target);
  return [
    {
      statement: `distance is paid as often as the specifications say: ${inWords(steps)}${isWhole ? "" : ", or more"}`,
      formula: `slope of time over round-trip time = ${inWords(steps)} = ${count} ± ${Number(reach.toPrecision(2))}`,
      metric: "coldStartRoundTrips",
      expected: { low: count - reach, ...(isWhole && { high: count + reach }) },
    },
    ...(tlsMode(target.options) === undefined
      ? []
      : ([
          {
            statement: "every TLS handshake is a full one: nobody has been here before",
            formula: "resumed sessions = 0",
            metric: "resumedTlsHandshakes",
            expected: exactly(0),
          },
        ] as const)),
  ];
}

/** Over a link of the caller's: nothing is sooner than the distance allows. */
function overTheLink(target: Target, link: LinkConditions): ConnectCell {
  const { rttMs, jitterMs = 0 } = link;
  const steps = stepsOf(target);
  const count = countRoundTrips(steps);
  const leastMs = count * (rttMs - 2 * jitterMs);
  return {
    target,
    variant: "over the link",
    ways: [{ name: "coldStart", link, connections: overGivenLink }],
    messages: 1,
    parameters: { ...parametersWith({ connectionsInTurn: overGivenLink }), link },
    expectations: [
      {
        statement: `no first echo is sooner than the distance allows: ${inWords(steps)}`,
        formula: `${count} round trips x ${rttMs - 2 * jitterMs} ms = ${leastMs} ms or more`,
        metric: "coldStartP50Us",
        expected: { low: leastMs * 1000 },
      },
    ],
  };
}

const cells = ({ targets, traffic: { link } }: RunRequest): ConnectCell[] =>
  targets.flatMap((target) => [
    {
      target,
      ways: distances,
      messages: 1,
      parameters: parametersWith({ roundTripTimesMs: distances.map((way) => way.link?.rttMs ?? 0).join(", ") }),
      expectations: expectationsFor(target),
    },
    ...(link === undefined ? [] : [overTheLink(target, link)]),
  ]);

const open = ({ target }: ConnectCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open({ target, behaviour: { name: "echo" }, codec }, context);

async function* measure(rig: SystemRig, { target, ways, messages }: ConnectCell): AsyncGenerator<Window, Outcome> {
  const { protocol, options } = target;
  const { payloadBytes } = codec;
  const play = (url: string, connections: number): Promise<ConnectReport> =>
    rig.play(role, { url, protocol, options, connections, payloadBytes, messages } satisfies ConnectOrder, patienceMs);
  await play(rig.system.url, warmups);
  rig.startClock();
  const points: Point[] = [];
  const found: Partial<Record<MetricName, number>> = {};
  const handshakes = { full: 0, resumed: 0 };
  for (const [place, { name, link, connections, metric }] of ways.entries()) {
    const { url } = link === undefined ? rig.system : await rig.linkTo(rig.system.url, link);
    const startNs = nowNs();
    const { coldStart, tlsHandshakes } = await play(url, connections);
    const startMs = rig.atMs(startNs);
    const durationMs = rig.atMs(nowNs()) - startMs;
    yield { name, startMs, durationMs, measures: { connections }, histograms: { [name]: coldStart } };
    const histogram = decodeHistogram(coldStart);
    // Whatever disturbs a connection only adds to its time, so the least is closest to what distance takes.
    if (link !== undefined) points.push({ x: link.rttMs, y: histogram.minNonZeroValue / 1e6 });
    if (metric !== undefined) found[metric] = histogram.getValueAtPercentile(50) / 1000;
    if (place === 0) Object.assign(found, delayMeasures("coldStart", { histogram, neverCame: 0 }));
    handshakes.full += tlsHandshakes.full;
    handshakes.resumed += tlsHandshakes.resumed;
  }
  const slope = fitLine(points)?.slope;
  return {
    measures: {
      ...found,
      ...(slope !== undefined && { coldStartRoundTrips: slope }),
      ...(handshakes.full + handshakes.resumed > 0 && {
        fullTlsHandshakes: handshakes.full,
        resumedTlsHandshakes: handshakes.resumed,
      }),
    },
  };
}

/** From nothing to the first echo, over loopback and four distances. */
export const connect: Experiment<ConnectCell, SystemRig> = {
  name: "connect",
  group: "latency",
  title: "Cold start",
  question: "How long until a user who comes for the first time hears the first echo, and how often is distance paid?",
  lesson:
    "A cold start is round trips times distance, and little else: TCP, TLS, an upgrade, a login each wait for the other side. On loopback nobody sees them; at 120 ms each costs more than everything a server computes. A connection that stays open pays once; protocols that need a second connection, or a login, pay it again before the first message. What XMPP pays could be fewer: XEP-0305 counts 6 round trips for a login and 3 where steps are sent ahead, which the clients here do not.",
  presets: ["full"],
  follows: ["link"],
  metrics: [
    ...delaysNamed("coldStart"),
    "coldStartAt40MsP50Us",
    "coldStartAt80MsP50Us",
    "coldStartAt120MsP50Us",
    "coldStartRoundTrips",
    "fullTlsHandshakes",
    "resumedTlsHandshakes",
  ],
  isolation: "exclusive",
  cells,
  open,
  measure,
  trafficMs: ({ target, ways }) =>
    ways.reduce(
      (sum, { link, connections }) =>
        sum + connections * (10 + (1 + countRoundTrips(stepsOf(target))) * (link?.rttMs ?? 0)),
      0,
    ),
  /** A server that is of use two round trips later: only the third message counts. */
  sabotage(request) {
    const [cell] = cells(request);
    return { cell: { ...cell!, messages: 3 }, fails: "coldStartRoundTrips" };
  },
};
