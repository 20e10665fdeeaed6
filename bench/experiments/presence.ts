import { WirebenchError } from "../../protocol/errors.ts";
import type { ExchangeName } from "../../protocol/exchanges.ts";
import type { Window } from "../../results/contract/results.ts";
import { delayMeasures, recordedDelay } from "../../results/recording/delays.ts";
import { type CutOrder, presenceCut } from "../rigs/roles/presence-cut.ts";
import type { ServerRig } from "../rigs/server-rig.ts";
import { type Target, traitsOf } from "../targets/target.ts";
import {
  type ExchangeCell,
  embeddedWithout,
  exchangeCell,
  isNative,
  whyNoExchange,
} from "./comparison/exchange-cell.ts";
import { fanOutMetrics, fanOutTrial } from "./comparison/fan-out-trial.ts";
import { openOnOwnPrograms } from "./comparison/own-programs.ts";
import { trafficParameters, trafficSettings } from "./comparison/traffic-cell.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface PresenceCell extends ExchangeCell {
  readonly cut?: Pick<CutOrder, "subscribers" | "cuts" | "waitMs" | "isBare">;
}

const subscriberCounts = [10, 50] as const;
/** A server keeps the status of everybody who is there, so it takes no long ones: ours, presence of 4 KiB in all. */
const statusBytesMax = 2048;
/** Changes in a window, so that a median is one. */
const changesMin = 20;
/** Of a user that is cut off. */
const cut = { subscribers: 10, cuts: 20, waitMs: 2000 } as const;

const ways = [
  ["presence", "a status"],
  ["come-and-go", "leaving and coming back"],
] as const satisfies readonly (readonly [ExchangeName, string])[];

const everybody: CellPlan["expectations"] = [
  {
    statement: "every change reaches every subscriber",
    formula: "changes × subscribers - deliveries = 0",
    metric: "missingDeliveries",
    expected: exactly(0),
  },
  {
    statement: "no subscriber hears a change twice",
    formula: "arrivals beyond the first = 0",
    metric: "duplicatedDeliveries",
    expected: exactly(0),
  },
];

const told: CellPlan["expectations"][number] = {
  statement: "whoever ends without a goodbye is missed at once where a stream tells the server",
  formula: "the end of a socket is seen by the other end: subscribers told / subscribers = 1",
  metric: "noticedFraction",
  expected: exactly(1),
};

const notTold: CellPlan["expectations"][number] = {
  statement: "between two requests nobody knows whether a user is still there",
  formula: `a session without a stream is given up after its idle time, which is longer than ${cut.waitMs / 1000} s: subscribers told / subscribers = 0`,
  metric: "noticedFraction",
  expected: exactly(0),
};

const nobodyTells: CellPlan["expectations"][number] = {
  statement: "without an application nobody hears of another user, neither what it says nor that it is gone",
  formula: "a connection has two ends, and an echo goes back to the one who spoke: subscribers told / subscribers = 0",
  metric: "noticedFraction",
  expected: exactly(0),
};

function cells(request: RunRequest): PresenceCell[] {
  const { targets, traffic } = request;
  if (traffic.payloadBytes > statusBytesMax) {
    const got = `got ${traffic.payloadBytes}B`;
    throw new WirebenchError("usage", `expected a status of at most ${statusBytesMax}B for presence, ${got}`);
  }
  const application = { name: "presence" } as const;
  return targets.flatMap((target): PresenceCell[] => [
    ...subscriberCounts.flatMap((subscribers) =>
      ways.map(([exchange, words]): PresenceCell => {
        // The same deliveries a second, however many subscribe.
        const ratePerSecond = traffic.ratePerSecond / 4 / subscribers;
        const durationMs = Math.max(traffic.durationMs, (changesMin * 1000) / ratePerSecond);
        const asked: RunRequest = {
          ...request,
          traffic: { ...traffic, connections: subscribers + 1, workers: 1, durationMs, turns: 1, payloadKind: "text" },
        };
        const variant = `${words}, ${subscribers} subscribers`;
        const load = { kind: "open", ratePerSecond, arrivals: traffic.arrivals } as const;
        const cell = exchangeCell(target, asked, { exchange, variant, application, load, expectations: everybody });
        return { ...cell, parameters: { ...cell.parameters, settings: { subscribers, change: words } } };
      }),
    ),
    ...(isNative(target, "presence") ? [] : [bareCell(target, request)]),
    cutCell(target, request),
  ]);
}

/** The same user cut off where nobody has built anything; one cut, since all are waited for in vain. */
function bareCell(target: Target, request: RunRequest): PresenceCell {
  const { exchange: _, ...cell } = cutCell(target, request);
  return {
    ...cell,
    variant: `cut off, nothing built, ${cut.subscribers} subscribers`,
    behaviour: { name: "echo" },
    expectations: [nobodyTells],
    cut: { ...cut, cuts: 1, isBare: true },
    parameters: { ...cell.parameters, settings: { ...cell.parameters.settings, cuts: 1, application: "none" } },
  };
}

function cutCell(target: Target, request: RunRequest): PresenceCell {
  const { traffic } = request;
  const asked = { ...request, traffic: { ...traffic, connections: cut.subscribers + 1, workers: 1 } };
  const cell = exchangeCell(target, asked, {
    exchange: "presence",
    variant: `cut off, ${cut.subscribers} subscribers`,
    application: { name: "presence" },
    load: { kind: "open", ratePerSecond: 1 },
    expectations: [traitsOf(target).downlink === "stream" ? told : notTold],
  });
  const { connections, client = "library", payloadBytes, link } = cell.parameters;
  const settings = { subscribers: cut.subscribers, change: "cut off", cuts: cut.cuts };
  return {
    ...cell,
    cut,
    parameters: { connections, client, payloadBytes, workers: 1, ...(link && { link }), settings },
  };
}

async function* measure(rig: ServerRig, cell: PresenceCell): AsyncGenerator<Window, Outcome> {
  if (cell.cut === undefined) return yield* fanOutTrial(rig, cell, cell.parameters.connections - 1);
  const { protocol, options } = cell.target;
  const { client = "library" } = cell.parameters;
  const { url } = rig.system;
  const order: CutOrder = { ...cell.cut, protocol, client, options, url };
  const { owed, noticed, ...histograms } = await rig.play(presenceCut, order, cutTimeoutMs);
  const trial = { windows: [], histograms };
  return {
    measures: {
      noticedFraction: noticed / owed,
      ...delayMeasures("firstRecipient", recordedDelay(trial, "firstRecipient")),
      ...delayMeasures("medianRecipient", recordedDelay(trial, "medianRecipient")),
      ...delayMeasures("lastRecipient", recordedDelay(trial, "lastRecipient")),
    },
    histograms,
  };
}

/** Logins, and cuts that nobody is told of. */
const cutTimeoutMs = 120_000;

/** From one user's presence to its subscribers. */
export const presence: Experiment<PresenceCell, ServerRig> = {
  name: "presence",
  group: "broadcast",
  title: "Presence",
  question: "A user changes its status, leaves, comes back or is cut off: when do its subscribers know?",
  lesson:
    "Presence is a broadcast to those who subscribed, and a duty of the server: it says that a user is gone when the user no longer can. XMPP brings names, subscriptions that are asked for and granted, and the end of a session (RFC 6121). On the other protocols it is the application's: the behaviour that stands for it here has some ninety lines, and asks nobody for consent, keeps nothing and knows of one server only. Whatever does not hold a stream open hears of an end when its idle time is over.",
  presets: ["full"],
  follows: [
    ...trafficSettings.filter(
      (name) => name !== "connections" && name !== "workers" && name !== "turns" && name !== "payloadKind",
    ),
    "ratePerSecond",
    "arrivals",
  ],
  metrics: [...fanOutMetrics, "noticedFraction"],
  isolation: "exclusive",
  cells,
  /** Everybody needs an account of its own, and a URL has one unless it says otherwise. */
  unfit(cell) {
    const { system } = cell.target;
    if (system.kind === "external" && isNative(cell.target, "presence") && !/%d|%25d/.test(system.url)) {
      return "presence needs an account for each user: write %d where its number goes, as in user%d";
    }
    return whyNoExchange(cell);
  },
  // Subscriptions stay.
  open: openOnOwnPrograms,
  measure,
  trafficMs(cell) {
    if (cell.cut !== undefined) return cell.cut.waitMs;
    const { rampUpMs, durationMs } = trafficParameters(cell);
    return rampUpMs + durationMs;
  },
  /** A server that says nothing of those who are gone. */
  sabotage(request) {
    const cell = cells({ ...request, targets: [embeddedWithout("presence")] }).at(-1)!;
    return { cell: { ...cell, behaviour: { name: "presence", forgetsTheGone: true } }, fails: "noticedFraction" };
  },
};
