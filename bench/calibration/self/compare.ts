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
process.stdout.write(
  `${table}\nMedian of ${roundCount} rounds, lowest and highest in brackets. The last column is the noise: the same loop twice.\n` +
    `Load average before and after: ${loadBefore.toFixed(2)}, ${loadavg()[0]!.toFixed(2)}.\n`,
);
