import { nowNs } from "../../protocol/clock.ts";
import type { Direction, PayloadForm } from "../../protocol/contract.ts";
import { tlsMode } from "../../protocol/options/tls.ts";
import type { Window } from "../../results/contract/results.ts";
import type { Measures } from "../../results/metrics/metrics.ts";
import { formatCount } from "../../results/quantities/format.ts";
import type { BehaviourOrder } from "../rigs/processes/server.ts";
import type { RigContext } from "../rigs/rig.ts";
import { type LayerBytes, wire as role, segmentBytesMax, type WireOrder, type WireReport } from "../rigs/roles/wire.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import { type Target, traitsOf } from "../targets/target.ts";
import { isPlainlySpoken } from "./comparison/opening-steps.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

interface WireCell extends CellPlan {
  readonly form: PayloadForm;
  readonly behaviour: BehaviourOrder;
}

const forms = ["text", "binary"] as const;
/** From a chat message to an image; 125 B and 65,535 B are where RFC 6455 takes a longer length. */
const sizesBytes = [40, 256, 1024, 4096, 16_384, 65_536] as const;
/** Of this size every byte is shown. */
const shownBytes = sizesBytes[0];
const messages = 5;
/** Bytes agree from trial to trial. */
const trialsMax = 3;
const patienceMs = 60_000;
/** RFC 791 section 3.1 and RFC 9293 section 3.1, both without options. */
const headersPerSegmentBytes = 20 + 20;
const directions = ["up", "down"] as const;
const wayInWords: Readonly<Record<Direction, string>> = { up: "to the server", down: "from the server" };

/** Whether its messages ride in HTTP messages, and not on a connection that HTTP has opened. */
const ridesOnHttp = (target: Target): boolean => traitsOf(target).schemes.includes("http:");

const isKnown = (target: Target): boolean =>
  target.system.kind === "embedded" &&
  isPlainlySpoken(target) &&
  !(ridesOnHttp(target) && tlsMode(target.options) !== undefined);

const carrierOf = (target: Target): WireOrder["carrier"] => {
  if (!isPlainlySpoken(target)) return undefined;
  if (traitsOf(target).schemes.includes("ws:")) return "frames";
  return ridesOnHttp(target) ? "requests" : "stream";
};

function expectationsFor(target: Target, form: PayloadForm, payloadBytes: number): CellPlan["expectations"] {
  const { framingBytes, specification } = traitsOf(target);
  if (framingBytes !== undefined && isKnown(target)) {
    return directions.map((direction) => {
      const bytes = framingBytes(form, payloadBytes, direction);
      const around = `${formatCount(bytes)} B around ${formatCount(payloadBytes)} B of ${form}`;
      return {
        statement: `framing ${wayInWords[direction]} is what the documents say, ${around} (${specification})`,
        formula: `${specification}: ${around}`,
        metric: `${direction}FramingBytes`,
        expected: exactly(bytes),
      };
    });
  }
  // What is compressed may be next to nothing.
  const carried = isPlainlySpoken(target) ? payloadBytes : 1;
  const segments = Math.ceil(carried / segmentBytesMax);
  const leastBytes = carried + segments * headersPerSegmentBytes;
  return directions.map((direction) => ({
    statement: `a payload costs its own bytes and the headers of its segments at least, ${wayInWords[direction]}`,
    formula: `(${carried} B + ${segments} x ${headersPerSegmentBytes} B) / ${payloadBytes} B, or more`,
    metric: `${direction}WireOverPayloadRatio`,
    expected: { low: leastBytes / payloadBytes },
  }));
}

const cells = ({ targets }: RunRequest): WireCell[] =>
  targets.flatMap((target) =>
    forms.flatMap((form) =>
      sizesBytes.map(
        (payloadBytes): WireCell => ({
          target,
          variant: `${form}, ${formatCount(payloadBytes)} B`,
          form,
          behaviour: { name: "echo" },
          trialsMax,
          parameters: {
            connections: 1,
            payloadBytes,
            payloadKind: form,
            client: "library",
            settings: { messages, form },
          },
          expectations: expectationsFor(target, form, payloadBytes),
        }),
      ),
    ),
  );

const open = ({ target, form, behaviour, parameters: { payloadBytes } }: WireCell, context: RigContext) =>
  SystemRig.open({ target, behaviour, codec: { kind: form, payloadBytes, seed: 0 } }, context);

function measuresOf(direction: Direction, { total, tls, http, segments }: LayerBytes, payloadBytes: number): Measures {
  const tcpIp = segments * headersPerSegmentBytes;
  return {
    ...(tls !== undefined && { [`${direction}TlsBytes`]: tls }),
    [`${direction}TcpIpBytes`]: tcpIp,
    [`${direction}WireBytes`]: total + tcpIp,
    [`${direction}WireOverPayloadRatio`]: (total + tcpIp) / payloadBytes,
    ...(tls !== undefined &&
      http !== undefined && {
        [`${direction}HttpBytes`]: http,
        [`${direction}FramingBytes`]: total - tls - http - payloadBytes,
      }),
  };
}

async function* measure(rig: SystemRig, { target, form, parameters }: WireCell): AsyncGenerator<Window, Outcome> {
  const { protocol, options } = target;
  const { framing, downlink } = traitsOf(target);
  const { payloadBytes } = parameters;
  const startNs = rig.startClock();
  const { up, down, captures }: WireReport = await rig.play(
    role,
    {
      url: rig.system.url,
      protocol,
      options,
      form,
      payloadBytes,
      messages,
      carrier: carrierOf(target),
      isText: framing === "text",
      isPolled: downlink === "polled",
      captures: payloadBytes === shownBytes,
    } satisfies WireOrder,
    patienceMs,
  );
  yield { name: "messages", startMs: 0, durationMs: (nowNs() - startNs) / 1e6, measures: { messages }, histograms: {} };
  return {
    measures: { ...measuresOf("up", up, payloadBytes), ...measuresOf("down", down, payloadBytes) },
    ...(captures.length > 0 && { captures: [...captures] }),
  };
}

/** Where the bytes of a message go. */
export const wire: Experiment<WireCell, SystemRig> = {
  name: "wire",
  group: "cost",
  title: "Bytes on the wire",
  question: "What does a message of 40 B to 64 KiB cost on the wire, and which layer is it that costs?",
  lesson:
    "Overhead is a price per message, not per byte: at 40 B a protocol's headers decide, at 64 KiB nothing but base64 does. Two bytes of WebSocket framing still travel in 40 bytes of TCP/IP, and over TLS in 22 more; what makes HTTP dear is the head of each request and response, and browsers send longer ones than the clients here.",
  presets: ["full"],
  follows: [],
  metrics: directions.flatMap(
    (direction) =>
      [
        `${direction}WireOverPayloadRatio`,
        `${direction}FramingBytes`,
        `${direction}HttpBytes`,
        `${direction}TlsBytes`,
        `${direction}TcpIpBytes`,
        `${direction}WireBytes`,
      ] as const,
  ),
  isolation: "shared",
  cells,
  unfit: ({ target: { system } }) =>
    system.kind === "external" && new URL(system.url).hostname !== "127.0.0.1"
      ? "bytes are heard by a tap on this host, and this server is at an address that is not 127.0.0.1"
      : undefined,
  open,
  measure,
  trafficMs: () => messages * 60,
  /** A server that puts a header of its own before everything it sends back. */
  sabotage(request) {
    const [cell] = cells(request);
    return { cell: { ...cell!, behaviour: { name: "echo", header: "one more header: " } }, fails: "downFramingBytes" };
  },
};
