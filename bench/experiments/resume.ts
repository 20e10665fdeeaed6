import type { UpdatesOrder } from "../../load/behaviours/updates.ts";
import { nowNs } from "../../protocol/clock.ts";
import { retryMs } from "../../protocol/options/retry.ts";
import type { Window } from "../../results/contract/results.ts";
import type { RigContext } from "../rigs/rig.ts";
import { type ListenOrder, type ResumeOrder, resume as role } from "../rigs/roles/resume.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import type { UserLink } from "../rigs/user-link.ts";
import { protocols } from "../targets/protocols.ts";
import { deliveryFloorMs, embeddedTarget, type Target, traitsOf } from "../targets/target.ts";
import { delaysNamed } from "./comparison/measured.ts";
import { needsPush } from "./comparison/one-way.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";
import { type Outage, resumeMeasures } from "./resume/ledger.ts";

interface ResumeCell extends CellPlan {
  readonly publisher: UpdatesOrder;
  readonly resumedBy: ListenOrder["resumedBy"];
}

const users = 8;
const ratePerSecond = 50;
const payloadBytes = 64;
/** More than are published in any outage. */
const history = 1000;
const steadyMs = 150;
const refusedMs = 400;
const silentMs = 400;
/** After a silence the connections are reset, and new ones for so long: whoever asks again at once has to wait as all others do. */
const aftermathMs = 100;
/** Before every attempt to come back, of every protocol whose server says nothing of it. */
const usualRetryMs = 50;
const trialsMax = 3;
/** For users to come back on a machine that is busy. */
const patienceMs = 20_000;
const answerMs = 60_000;

const codec = { kind: "text", payloadBytes, seed: 0 } as const;

const always: CellPlan["expectations"] = [
  {
    statement: "nobody hears an update twice",
    formula: "arrivals - different updates = 0",
    metric: "duplicatedUpdates",
    expected: exactly(0),
  },
  {
    statement: "updates come in the order in which they were published",
    formula: "first arrivals after a later update = 0",
    metric: "reorderedUpdates",
    expected: exactly(0),
  },
];

const bare: CellPlan["expectations"] = [
  {
    statement: "a new connection begins now: everything published while there was no way is lost",
    formula: "lost / published from the cut until the way is whole = 1, however late the publisher was",
    metric: "lostInOutageShare",
    expected: exactly(1),
  },
  {
    statement:
      "what is sent into a silence is accepted all the same: no send fails before the connection is known to be dead",
    formula: "accepted and lost / published in the silence = 1",
    metric: "acceptedThenLostShare",
    expected: exactly(1),
  },
  ...always,
];

const resumed: CellPlan["expectations"] = [
  {
    statement: "whoever says what it had last loses nothing, as long as the server still has what followed",
    formula: `published in an outage of ${refusedMs} ms < ${history} kept: lost = 0`,
    metric: "lostUpdates",
    expected: exactly(0),
  },
  ...always,
];

function cellsOf(target: Target, { traffic: { link } }: RunRequest): ResumeCell[] {
  const { resumesBy } = traitsOf(target);
  const common = { target, trialsMax };
  const publisher = { ratePerSecond, history: 0 };
  const parameters = (by: string): CellPlan["parameters"] => ({
    connections: users,
    payloadBytes,
    client: "library",
    ...(link && { link }),
    settings: { updatesPerSecond: ratePerSecond, refusedMs, silentMs, retryMs: retryMsOf(target), resumedBy: by },
  });
  return [
    {
      ...common,
      variant: "bare",
      publisher,
      resumedBy: "nothing",
      expectations: bare,
      parameters: parameters("nothing"),
    },
    {
      ...common,
      variant: "resumed",
      publisher: {
        ...publisher,
        // A session keeps what its user lacks by itself.
        ...((resumesBy === undefined || resumesBy === "position") && { history }),
        ...(resumesBy === undefined && { asksWhere: true }),
      },
      resumedBy: resumesBy === undefined ? "application" : "protocol",
      expectations: resumed,
      parameters: parameters(resumesBy ?? "application"),
    },
  ];
}

const retryMsOf = ({ options }: Target): number => retryMs(options) ?? usualRetryMs;

const cells = (request: RunRequest): ResumeCell[] => request.targets.flatMap((target) => cellsOf(target, request));

const open = ({ target, publisher }: ResumeCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open({ target, behaviour: { name: "updates", ...publisher }, codec }, context);

/** Resets everything at once, and refuses. */
async function refuse(rig: SystemRig, link: UserLink): Promise<Outage> {
  const startNs = await link.refuse();
  rig.mark("fault", "the way", "reset and refused", startNs);
  await rig.wait(refusedMs);
  return { startNs, healedNs: await link.heal() };
}

/** Lets nothing through and tells nobody, until it resets everything. */
async function silence(rig: SystemRig, link: UserLink): Promise<Outage> {
  const startNs = await link.stall();
  rig.mark("fault", "the way", "silent", startNs);
  await rig.wait(silentMs);
  const silentUntilNs = await link.refuse();
  rig.mark("fault", "the way", "reset and refused", silentUntilNs);
  await rig.wait(aftermathMs);
  return { startNs, silentUntilNs, healedNs: await link.heal() };
}

async function* measure(rig: SystemRig, cell: ResumeCell): AsyncGenerator<Window, Outcome> {
  const { target, resumedBy, parameters } = cell;
  const { protocol, options } = target;
  const server = rig.system.server!;
  const link = await rig.linkTo(rig.system.url, parameters.link ?? { rttMs: 0 });
  const play = (order: ResumeOrder) => rig.play(role, order, answerMs);
  await play({ step: "listen", url: link.url, protocol, options, users, resumedBy, retryMs: usualRetryMs });

  const nowOn = nowNs();
  const window = { name: "updates", index: 0, flows: {}, connections: users, seed: 0 };
  const times = { rampUpStartNs: nowOn, startNs: nowOn, endNs: nowOn };
  await rig.unlessFailed(server.call("prepare", { ...window, ...times }, answerMs));
  rig.startClock();
  // Until it is halted; nothing of a rig that failed is waited for.
  const published = server.call("send", undefined, answerMs);
  published.catch(() => {});
  await play({ step: "hear", sinceNs: nowOn, patienceMs });

  const outages: Outage[] = [];
  for (const [name, impose] of [
    ["cut", refuse],
    ["silence", silence],
  ] as const) {
    await rig.wait(steadyMs);
    const outage = await rig.unlessFailed(impose(rig, link));
    const { startNs, healedNs } = outage;
    rig.mark("action", "the way", "whole again", healedNs);
    await play({ step: "hear", sinceNs: healedNs, patienceMs });
    outages.push(outage);
    const durationMs = (healedNs - startNs) / 1e6;
    yield { name, startMs: rig.atMs(startNs), durationMs, measures: { users }, histograms: {} };
  }
  await rig.wait(steadyMs);
  await rig.unlessFailed(server.call("halt", undefined, answerMs));
  await rig.unlessFailed(published);
  const { updates } = await rig.unlessFailed(server.call("collect", { drainMs: 0 }, answerMs));
  const logs = await play({ step: "leave", last: updates!.publishedNs.length, patienceMs });
  return resumeMeasures(updates!, logs, outages);
}

/** The way is cut for a known time, with and without a word, and users come back. */
export const resume: Experiment<ResumeCell, SystemRig> = {
  name: "resume",
  group: "failure",
  title: "Resume",
  question: "The connection is cut for a known time: what is lost, what comes twice, and how soon does it go on?",
  lesson:
    "Every client reconnects; that alone loses all that was published meanwhile, on every protocol: rate times outage. What a server sends into a way that is dead and does not say so is lost as well, though every send succeeds: the kernel took it, no user did, and WebSocket adds nothing to that. To lose nothing takes numbers, a history, and a user who says what it had last. SSE brings the word, Last-Event-ID, and leaves the history to the application. XMPP with stream management (XEP-0198) brings both: the server keeps what a session has not confirmed and gives it to the connection that comes back for it, for as long as it keeps the session. So does BOSH, whose requests are repeated under their number, and so do the polling servers here, with a mailbox and a cursor that somebody had to build. Over WebSocket and TCP an application builds all of it. How soon it goes on is mostly how soon a client tries again: after 50 ms here, on every protocol, unless its server says otherwise: SSE has a word for it, retry (`sse+retry=3s`), which a browser's EventSource obeys too, and waits some seconds without one.",
  presets: ["full"],
  follows: ["link"],
  metrics: [
    "lostUpdates",
    "lostInOutageShare",
    "acceptedThenLostUpdates",
    "acceptedThenLostShare",
    "duplicatedUpdates",
    "reorderedUpdates",
    ...delaysNamed("recovery"),
    "comebackAttempts",
    "outageMs",
  ],
  isolation: "exclusive",
  cells,
  unfit(cell) {
    const floorMs = deliveryFloorMs(cell.target);
    if (floorMs < refusedMs) return needsPush("updates are published by")(cell);
    return `an outage of ${refusedMs} ms is over before a user who asks every ${floorMs} ms can notice it`;
  },
  open,
  measure,
  trafficMs: ({ target }) => 3 * steadyMs + refusedMs + silentMs + aftermathMs + 4 * retryMsOf(target),
  /** A server that has forgotten everything by the time its users come back. */
  sabotage(request) {
    const floor = protocols.find(({ server }) => server.traits.floor)!.server.traits.name;
    const cell = cellsOf(embeddedTarget(floor), request).at(-1)!;
    return { cell: { ...cell, publisher: { ...cell.publisher, history: 0 } }, fails: "lostUpdates" };
  },
};
