import { nowNs } from "../../protocol/clock.ts";
import { closesConnections } from "../../protocol/options/close.ts";
import { speaksHttp2 } from "../../protocol/options/h2.ts";
import { tlsMode } from "../../protocol/options/tls.ts";
import type { Window } from "../../results/contract/results.ts";
import { delayMeasures, type RecordedDelay } from "../../results/recording/delays.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import { BrowserRig, browserName } from "../rigs/browser-rig.ts";
import type { BehaviourOrder } from "../rigs/processes/server.ts";
import type { RigContext } from "../rigs/rig.ts";
import type { AskedFor, EchoReport } from "../rigs/roles/page/echoes.ts";
import { type PageRoleOrder, page } from "../rigs/roles/page.ts";
import { program } from "../rigs/roles/program.ts";
import { protocolNamed } from "../targets/protocols.ts";
import { deliveryFloorMs, traitsOf } from "../targets/target.ts";
import { delaysNamed } from "./comparison/measured.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface BrowserCell extends CellPlan {
  readonly behaviour: BehaviourOrder;
  /** Sent one after the other; half of them are texts. */
  readonly inTurn: number;
}

const payloadBytes = 256;
const inTurn = 100;
/** Where each waits for the client's own clock. */
const inTurnPolled = 20;
const atOnce = 100;
/** Messages agree from trial to trial. */
const trialsMax = 3;
const waitMs = 20_000;
const patienceMs = 60_000;

/** What a page can reach at all: WHATWG Fetch and WebSockets know these schemes, and there is no socket besides. */
const reachable = ["http:", "https:", "ws:", "wss:"];

function unfit({ target: { options }, target }: Pick<BrowserCell, "target">): string | undefined {
  if (!traitsOf(target).schemes.some((scheme) => reachable.includes(scheme))) {
    return "a page in a browser has no TCP socket: it speaks HTTP and WebSocket, and nothing else";
  }
  if (protocolNamed(target.protocol).page === undefined) {
    return "a page could speak it, but none is written here";
  }
  if (speaksHttp2(options) && tlsMode(options) === undefined) return "browsers speak HTTP/2 over TLS only";
  return closesConnections(options) ? "a page does not decide how long the browser keeps a connection" : undefined;
}

function cells({ targets }: RunRequest): BrowserCell[] {
  return targets.map((target): BrowserCell => {
    const turns = deliveryFloorMs(target) > 0 ? inTurnPolled : inTurn;
    return {
      target,
      behaviour: { name: "echo" },
      inTurn: turns,
      trialsMax,
      parameters: {
        connections: 1,
        payloadBytes,
        client: "library",
        settings: { messagesInTurn: turns, messagesAtOnce: atOnce },
      },
      expectations: expectationsFor(turns + atOnce),
    };
  });
}

function expectationsFor(messages: number): CellPlan["expectations"] {
  const each = messages / 2;
  const echoes = (what: string, whose: string, metric: CellPlan["expectations"][number]["metric"]) => ({
    statement: `every ${what} comes back to a ${whose} as it went, in its place`,
    formula: `exact echoes = sent = ${each}`,
    metric,
    expected: exactly(each),
  });
  return [
    echoes("text", "page", "pageExactTextEchoes"),
    echoes("byte", "page", "pageExactBinaryEchoes"),
    echoes("text", "program", "programExactTextEchoes"),
    echoes("byte", "program", "programExactBinaryEchoes"),
  ];
}

const open = ({ target, behaviour }: BrowserCell, context: RigContext): Promise<BrowserRig> =>
  BrowserRig.open({ target, behaviour, codec: { kind: "text", payloadBytes, seed: 0 } }, context);

/** Of those sent in turn; one that was waited for in vain never came. */
function inTurnOf({ roundTrip }: EchoReport, inTurn: number): RecordedDelay {
  const histogram = decodeHistogram(roundTrip);
  return { histogram, neverCame: Math.max(0, inTurn - histogram.totalCount) };
}

const windowOf = (
  name: "page" | "program",
  { startMs, durationMs, report: { received, roundTrip } }: Timed,
  { neverCame }: RecordedDelay,
): Window => ({
  name,
  startMs,
  durationMs,
  measures: { echoes: received },
  // A percentile of what came alone would be too good.
  histograms: neverCame === 0 ? { [`${name}RoundTrip`]: roundTrip } : {},
});

interface Timed {
  readonly report: EchoReport;
  readonly startMs: number;
  readonly durationMs: number;
}

async function* measure(rig: BrowserRig, { target, inTurn }: BrowserCell): AsyncGenerator<Window, Outcome> {
  const { protocol, options } = target;
  const asked: AskedFor = { url: rig.system.url, protocol, options, inTurn, atOnce, payloadBytes, waitMs };
  rig.startClock();
  const timed = async (ask: () => Promise<EchoReport>): Promise<Timed> => {
    const startNs = nowNs();
    const report = await ask();
    return { report, startMs: rig.atMs(startNs), durationMs: (nowNs() - startNs) / 1e6 };
  };
  const ofPage = await timed(() =>
    rig.play(page, { ...asked, browserUrl: rig.browserUrl } satisfies PageRoleOrder, patienceMs),
  );
  const pageRoundTrip = inTurnOf(ofPage.report, inTurn);
  yield windowOf("page", ofPage, pageRoundTrip);
  const ofProgram = await timed(() => rig.play(program, asked, patienceMs));
  const programRoundTrip = inTurnOf(ofProgram.report, inTurn);
  yield windowOf("program", ofProgram, programRoundTrip);
  const [inBrowser, outside] = [ofPage.report, ofProgram.report];
  const { clockStepUs } = inBrowser;
  const delays = {
    ...delayMeasures("pageRoundTrip", pageRoundTrip),
    ...delayMeasures("programRoundTrip", programRoundTrip),
  };
  const { pageRoundTripP50Us: pageUs, programRoundTripP50Us: programUs } = delays;
  return {
    measures: {
      pageExactTextEchoes: inBrowser.exact.text,
      pageExactBinaryEchoes: inBrowser.exact.binary,
      programExactTextEchoes: outside.exact.text,
      programExactBinaryEchoes: outside.exact.binary,
      ...delays,
      ...(pageUs !== undefined && programUs !== undefined && { pageOverProgramRoundTripP50Ratio: pageUs / programUs }),
      ...(clockStepUs !== undefined && { pageClockStepUs: clockStepUs }),
    },
  };
}

/** The same server, asked by a page in a real browser and by a program. */
export const browser: Experiment<BrowserCell, BrowserRig> = {
  name: "browser",
  group: "delivery",
  title: "Browser and program",
  question: "Does one server serve a page in a browser and a program alike, every byte and in order, and how quickly?",
  lesson:
    "A page speaks HTTP and WebSocket, and nothing else: what was made for browsers any program can speak, while what runs on TCP alone, as XMPP does, needs another binding before a page can have it. A server cannot tell the two apart by the messages. The round trip of a page is longer by what the browser does between its network process and the page, and is known only as well as the clock that a browser gives a page.",
  presets: ["full"],
  needs: [browserName],
  follows: [],
  metrics: [
    "pageExactTextEchoes",
    "pageExactBinaryEchoes",
    "programExactTextEchoes",
    "programExactBinaryEchoes",
    ...delaysNamed("pageRoundTrip", "programRoundTrip"),
    "pageOverProgramRoundTripP50Ratio",
    "pageClockStepUs",
  ],
  isolation: "exclusive",
  cells,
  unfit,
  open,
  measure,
  trafficMs: ({ target, inTurn }) => 1000 + 2 * inTurn * (1 + deliveryFloorMs(target)),
  /** A server that puts a header of its own before everything it sends back. */
  sabotage(request) {
    const cell = cells(request).find((candidate) => unfit(candidate) === undefined)!;
    return { cell: { ...cell, behaviour: { name: "echo", header: "+" } }, fails: "pageExactBinaryEchoes" };
  },
};
