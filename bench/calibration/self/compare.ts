/**
 * `npm run bench:self [rounds]`: what the harness costs. It alternates the harness with a loop that has none, with the
 * same payload and server, and prints the ratios with their spread. A benchmark, not a test: it judges nothing.
 */
import { loadavg } from "node:os";
import { left, renderMarkdownTable, right } from "../../../reports/text/table.ts";
import type { Interval } from "../../../results/contract/results.ts";
import { spread } from "../../../results/summary/summary.ts";
import { httpWithAutocannon, httpWithHarness } from "../second-opinion/http.ts";
import type { LoopResult, LoopShape } from "../second-opinion/loop.ts";
import { channelByHand, channelWithHarness } from "./channel.ts";
import { type ChannelLoopResult, type ChannelShape, perCpuSecond } from "./channel-loop.ts";
import { websocketByHand, websocketWithHarness } from "./websocket.ts";

interface Contest {
  readonly name: string;
  readonly shape: LoopShape;
  readonly harness: (shape: LoopShape, seed: number) => Promise<LoopResult>;
  readonly other: (shape: LoopShape) => Promise<LoopResult>;
  /** Rate over the other's that is aimed for. */
  readonly aim: number;
}

const websocket = { harness: websocketWithHarness, other: websocketByHand, aim: 0.9 };
const http = { harness: httpWithHarness, other: httpWithAutocannon, aim: 0.8 };

const contests: readonly Contest[] = [
  { name: "WebSocket, 1 connection x 1 in flight", shape: { connections: 1, inFlight: 1 }, ...websocket },
  { name: "WebSocket, 50 x 1", shape: { connections: 50, inFlight: 1 }, ...websocket },
  { name: "WebSocket, 1 x 16", shape: { connections: 1, inFlight: 16 }, ...websocket },
  { name: "WebSocket, 50 x 16", shape: { connections: 50, inFlight: 16 }, ...websocket, aim: 2 },
  { name: "HTTP, 1 x 1, against autocannon", shape: { connections: 1, inFlight: 1 }, ...http },
  { name: "HTTP, 50 x 1, against autocannon", shape: { connections: 50, inFlight: 1 }, ...http },
];

interface Round {
  readonly harness: LoopResult;
  readonly other: LoopResult;
  /** The other, measured once more: how far two runs of the same thing lie apart. */
  readonly again: LoopResult;
}

const roundCount = Number(process.argv[2] ?? 5);
const loadBefore = loadavg()[0]!;
const rounds = new Map<Contest, Round[]>(contests.map((contest) => [contest, []]));
for (let round = 1; round <= roundCount; round++) {
  for (const contest of contests) {
    process.stderr.write(`round ${round} of ${roundCount}: ${contest.name}\n`);
    const other = await contest.other(contest.shape);
    const harness = await contest.harness(contest.shape, round);
    const again = await contest.other(contest.shape);
    rounds.get(contest)!.push({ harness, other, again });
  }
}

/** Each round's harness over the mean of the two runs around it, so that a drift of the machine cancels. */
const rateRatio = ({ harness, other, again }: Round): number =>
  (2 * harness.ratePerSecond) / (other.ratePerSecond + again.ratePerSecond);
const p50Ratio = ({ harness, other, again }: Round): number | undefined =>
  harness.p50Us && other.p50Us && again.p50Us ? (2 * harness.p50Us) / (other.p50Us + again.p50Us) : undefined;
const sameRatio = ({ other, again }: Round): number => again.ratePerSecond / other.ratePerSecond;

const range = ({ value, low, high }: Interval): string => `${value.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
const rate = (results: LoopResult[]): string =>
  `${Math.round(spread(results.map(({ ratePerSecond }) => ratePerSecond)).value)}/s`;

const table = renderMarkdownTable({
  columns: [
    left("Loop"),
    ...["Harness", "Other", "Rate ratio", "Aim", "p50 ratio", "Other against itself"].map((head) => right(head)),
  ],
  rows: contests.map((contest) => {
    const all = rounds.get(contest)!;
    const p50 = all.flatMap((round) => p50Ratio(round) ?? []);
    return [
      contest.name,
      rate(all.map(({ harness }) => harness)),
      rate(all.flatMap(({ other, again }) => [other, again])),
      range(spread(all.map(rateRatio))),
      `>= ${contest.aim}`,
      p50.length > 0 ? range(spread(p50)) : "no p50 below 1 ms",
      range(spread(all.map(sameRatio))),
    ];
  }),
});
/** Users of a cluster: what they take from one node, beside a loop that counts and nothing else. */
const channels: readonly { readonly name: string; readonly shape: ChannelShape; readonly processes: number }[] = [
  { name: "30 users x 2 in flight", processes: 1 },
  { name: "the same in 2 processes", processes: 2 },
].map((contest) => ({
  ...contest,
  shape: { users: 30, publishers: 30, inFlight: 2, payloadBytes: 256, warmupMs: 1000, durationMs: 2000 },
}));

interface ChannelRound {
  readonly harness: ChannelLoopResult;
  readonly other: ChannelLoopResult;
}

const channelRounds = new Map(channels.map((contest) => [contest, [] as ChannelRound[]]));
for (let round = 1; round <= roundCount; round++) {
  for (const contest of channels) {
    process.stderr.write(`round ${round} of ${roundCount}: ${contest.name}\n`);
    const other = await channelByHand(contest.shape);
    const harness = await channelWithHarness(contest.shape, contest.processes);
    channelRounds.get(contest)!.push({ harness, other });
  }
}

const middle = (values: readonly number[], unit = "/s"): string => `${Math.round(spread([...values]).value)}${unit}`;
const channelTable = renderMarkdownTable({
  columns: [
    left("Users of a cluster, one node"),
    ...["Harness", "Other", "Rate ratio", "Per CPU s", "Other", "Ratio per CPU s"].map((head) => right(head)),
  ],
  rows: channels.map((contest) => {
    const all = channelRounds.get(contest)!;
    const [harness, other] = [all.map((round) => round.harness), all.map((round) => round.other)];
    const ratios = (of: (result: ChannelLoopResult) => number): string =>
      range(spread(all.map((round) => of(round.harness) / of(round.other))));
    return [
      contest.name,
      middle(harness.map(({ deliveriesPerSecond }) => deliveriesPerSecond)),
      middle(other.map(({ deliveriesPerSecond }) => deliveriesPerSecond)),
      ratios(({ deliveriesPerSecond }) => deliveriesPerSecond),
      middle(harness.map(perCpuSecond), ""),
      middle(other.map(perCpuSecond), ""),
      ratios(perCpuSecond),
    ];
  }),
});

process.stdout.write(
  `${table}\n${channelTable}\nMedian of ${roundCount} rounds, lowest and highest in brackets. The last column of the first table is the noise: the same loop twice.\n` +
    `Load average before and after: ${loadBefore.toFixed(2)}, ${loadavg()[0]!.toFixed(2)}.\n`,
);
