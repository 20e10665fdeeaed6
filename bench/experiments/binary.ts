import type { ExchangeName } from "../../protocol/exchanges.ts";
import { tls } from "../../protocol/options/tls.ts";
import type { Window } from "../../results/contract/results.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { ServerRig } from "../rigs/server-rig.ts";
import { type Target, traitsOf } from "../targets/target.ts";
import { type ByteRange, bytestreamBytes, messageBytes } from "./binary/expected-bytes.ts";
import { type ExchangeCell, embeddedWith, exchangeCell, isNative, whyNoExchange } from "./comparison/exchange-cell.ts";
import { ledgerMetrics } from "./comparison/measured.ts";
import { trafficParameters, trafficSettings } from "./comparison/traffic-cell.ts";
import { roundTripWarmup, trafficTrial } from "./comparison/traffic-trial.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

const sizesKib = [1, 4, 16, 64, 256] as const;

/** Users of a transfer each: enough to keep a server busy, few enough to hold their payloads. */
const connectionsMax = 4;
/** Bytes agree from trial to trial, and there are many cells. */
const trialsMax = 3;

interface Way {
  readonly words: string;
  /** Absent: one message, to oneself where the protocol has addresses, else echoed. */
  readonly exchange?: ExchangeName;
  readonly blockBytes?: number;
  readonly expected: (target: Target, payloadBytes: number) => ByteRange;
}

const blocks = (words: string, exchange: ExchangeName, blockBytes: number, acknowledged: boolean): Way => ({
  words,
  exchange,
  blockBytes,
  expected: (target, bytes) => bytestreamBytes(traitsOf(target), bytes, { blockBytes, acknowledged }),
});

const ways: readonly Way[] = [
  { words: "message", expected: (target, bytes) => messageBytes(traitsOf(target), bytes) },
  blocks("blocks of 4,096 B", "blocks", 4096, true),
  blocks("blocks of 65,535 B", "large-blocks", 65_535, true),
  blocks("blocks of 4,096 B, unacknowledged", "unacknowledged-blocks", 4096, false),
];

/** A payload in one block is one block, however large that might be. */
const isOfUse = ({ blockBytes = 0 }: Way, bytes: number): boolean => blockBytes <= 4096 || bytes > 4096;

function cells(request: RunRequest): ExchangeCell[] {
  const { traffic, targets } = request;
  const connections = Math.min(connectionsMax, traffic.connections);
  return targets.flatMap((target) =>
    sizesKib.flatMap((kib) => {
      const payloadBytes = kib * 1024;
      const asked: RunRequest = {
        ...request,
        traffic: { ...traffic, connections, workers: 1, payloadBytes, payloadKind: "binary" },
      };
      return ways
        .filter((way) => (way.exchange === undefined || isNative(target, way.exchange)) && isOfUse(way, payloadBytes))
        .map((way): ExchangeCell => {
          const exchange = way.exchange ?? (isNative(target, "self") ? "self" : undefined);
          const cell = exchangeCell(target, asked, {
            ...(exchange && { exchange }),
            variant: `${kib} KiB, ${way.words}`,
            load: { kind: "closed", inFlight: 1 },
            expectations: expectationsFor(target, payloadBytes, way),
          });
          const messageBytes = Math.min(payloadBytes, way.blockBytes ?? payloadBytes);
          return { ...cell, trialsMax, messageBytes, parameters: { ...cell.parameters, settings: { as: way.words } } };
        });
    }),
  );
}

/** Bytes are known beforehand of servers that we start, without the records of TLS. */
function expectationsFor(target: Target, payloadBytes: number, way: Way): CellPlan["expectations"] {
  const nothingLost = {
    statement: "every payload arrives whole",
    formula: "sent - received = 0",
    metric: "lostMessages",
    expected: exactly(0),
  } as const;
  if (target.system.kind === "external" || target.options[tls.name] !== undefined) return [nothingLost];
  const { low, high } = way.expected(target, payloadBytes);
  const range = `${low} B${high === undefined ? " or more" : ` to ${high} B`}`;
  return [
    nothingLost,
    {
      statement: "what bytes cost on the wire is known beforehand",
      formula: `payload, encoded, and what is around it: ${range} each way for ${payloadBytes} B`,
      metric: "wireOverPayloadBytesRatio",
      expected: { low: low / payloadBytes, ...(high !== undefined && { high: high / payloadBytes }) },
    },
  ];
}

const shapeOf = ({ load }: ReturnType<typeof trafficParameters>) => ({
  warmup: roundTripWarmup,
  windows: [{ name: "transfers", flows: { roundTrip: load } }],
});

async function* measure(rig: ServerRig, cell: ExchangeCell): AsyncGenerator<Window, Outcome> {
  const outcome = yield* trafficTrial(rig, cell, shapeOf(trafficParameters(cell)));
  const { payloadBytes } = cell.parameters;
  const { measures } = outcome;
  const { achievedRatePerSecond: rate, wireBytesPerMessage: wireBytes } = measures;
  const { serverCpuUsPerMessage: serverUs, generatorCpuUsPerMessage: generatorUs } = measures;
  const kib = payloadBytes / 1024;
  return {
    ...outcome,
    measures: {
      ...measures,
      ...(rate !== undefined && { goodputBytesPerSecond: rate * payloadBytes }),
      // A payload goes there and comes back.
      ...(wireBytes !== undefined && { wireOverPayloadBytesRatio: wireBytes / (2 * payloadBytes) }),
      ...(serverUs !== undefined && { serverCpuUsPerKib: serverUs / kib }),
      ...(generatorUs !== undefined && { generatorCpuUsPerKib: generatorUs / kib }),
    },
  };
}

/** Bytes that are no text, of a few sizes, in every way there is. */
export const binary: Experiment<ExchangeCell, ServerRig> = {
  name: "binary",
  group: "throughput",
  title: "Binary payloads",
  question: `What do ${formatQuantity(sizesKib[0] * 1024, "bytes")} to ${sizesKib.at(-1)} KiB of bytes cost that are no text?`,
  lesson:
    "A wire of text carries bytes in base64, four for three, however large they are; what stands around them costs less the more they are. Blocks with an acknowledgement each add a round trip for every block, so their goodput is that of the delay. XMPP has other ways for large files, over HTTP or a connection of their own (XEP-0363, XEP-0065), which are not measured here.",
  presets: ["full"],
  follows: trafficSettings.filter((name) => name !== "payloadBytes" && name !== "payloadKind" && name !== "workers"),
  metrics: [
    "goodputBytesPerSecond",
    "wireOverPayloadBytesRatio",
    "serverCpuUsPerKib",
    "generatorCpuUsPerKib",
    "roundTripP50Us",
    ...ledgerMetrics,
  ],
  isolation: "exclusive",
  cells,
  unfit: whyNoExchange,
  open: ServerRig.open,
  measure,
  trafficMs(cell) {
    const { slices, rampUpMs, durationMs } = trafficParameters(cell);
    return slices * rampUpMs + durationMs;
  },
  /** Blocks that are smaller than was said. */
  sabotage(request) {
    const own = cells({ ...request, targets: [embeddedWith("blocks")] });
    const cell = own.findLast(({ exchange }) => exchange === "large-blocks")!;
    return { cell: { ...cell, exchange: "blocks" }, fails: "wireOverPayloadBytesRatio" };
  },
};
