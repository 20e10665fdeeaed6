import { defaultLimits } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { heartbeatMs } from "../../protocol/options/heartbeat.ts";
import type { Flag, Window } from "../../results/contract/results.ts";
import { memoryFlags, memorySeries, usedServerFlag } from "../../results/recording/memory.ts";
import { fitLine, type Point } from "../../results/statistics/line.ts";
import type { ServerRig } from "../rigs/server-rig.ts";
import { clientKindOf, protocolNamed, protocols } from "../targets/protocols.ts";
import { deliveryFloorMs, embeddedTarget, type Target, traitsOf } from "../targets/target.ts";
import { watchAtRest } from "./comparison/at-rest.ts";
import { openOnOwnPrograms } from "./comparison/own-programs.ts";
import type { TrafficCell } from "./comparison/traffic-cell.ts";
import { type CellPlan, type Experiment, exactly, type Outcome } from "./contract/experiment.ts";
import { checkPayload, type RunRequest } from "./contract/request.ts";

export interface IdleCell extends TrafficCell {
  /** Counts of connections at which memory is read. */
  readonly steps: readonly number[];
  /** Fewer users than were asked for, since they poll. */
  readonly fewer?: boolean;
  readonly restMs: number;
  readonly watchMs: number;
}

/** A line through fewer points hardly shows whether it is one. */
const stepCount = 5;
/** More polls would be the load of a busy server, on a client that can hardly make them. */
const pollsPerSecondMax = 4000;
/** Handshakes under way at a time: nobody times them. */
const atOnce = 8;
const callWaitMs = 20_000;

/** Even steps up to `connections`. Not from 0: what a server sets up for its first user it does not for the next. */
const connectionSteps = (connections: number): number[] =>
  Array.from({ length: stepCount }, (_, index) => Math.round((connections * (index + 1)) / stepCount));

/** On a stream of ours nothing is sent that was not asked for, a heartbeat for one; requests that are held or repeated are another matter. */
const expectationsFor = (target: Target): CellPlan["expectations"] =>
  target.system.kind === "embedded" &&
  traitsOf(target).downlink === "stream" &&
  heartbeatMs(target.options) === undefined
    ? [
        {
          statement: "an idle stream carries no bytes",
          formula: "no poll, no heartbeat: 0 B",
          metric: "idleWireBytesPerConnectionSecond",
          expected: exactly(0),
        },
      ]
    : [];

function cells({ targets, traffic }: RunRequest): IdleCell[] {
  checkPayload(traffic);
  const {
    idleConnections,
    idleMs,
    idleTrialsMax: trialsMax,
    rampUpMs,
    client,
    payloadBytes,
    payloadKind,
    link,
  } = traffic;
  if (idleConnections < stepCount || idleConnections > defaultLimits.connectionsMax) {
    const range = `from ${stepCount} to ${defaultLimits.connectionsMax}`;
    throw new WirebenchError("usage", `expected ${range} idle connections, got ${idleConnections}`);
  }
  return targets.map((target) => {
    const floorMs = deliveryFloorMs(target);
    const polled = floorMs === 0 ? idleConnections : Math.round(pollsPerSecondMax * (floorMs / 1000));
    const connections = Math.min(idleConnections, Math.max(stepCount, polled));
    const [restMs, watchMs] = [Math.max(rampUpMs, 2 * floorMs), Math.max(idleMs, 4 * floorMs)];
    const steps = connectionSteps(connections);
    return {
      target,
      behaviour: { name: "echo" },
      parameters: {
        connections,
        workers: 1,
        client: clientKindOf(protocolNamed(target.protocol), client, target.options),
        payloadBytes,
        payloadKind,
        durationMs: watchMs,
        ...(link !== undefined && { link }),
        settings: { connectionSteps: steps.join(", "), restMs },
      },
      expectations: expectationsFor(target),
      trialsMax,
      steps,
      fewer: connections < idleConnections,
      restMs,
      watchMs,
    };
  });
}

async function* measure(
  rig: ServerRig,
  { target, steps, fewer = false, restMs, watchMs }: IdleCell,
): AsyncGenerator<Window, Outcome> {
  const { watch, server } = rig.system;
  // Memory that earlier connections left is used again, and garbage of theirs goes at any time: a slope could be anything.
  const isFresh = target.system.kind !== "external";
  const points: Point[] = [];
  let connected = 0;
  for (const connections of steps) {
    await rig.connect(connections - connected, atOnce);
    connected = connections;
    await rig.wait(restMs);
    await server?.call("collectGarbage", undefined, callWaitMs);
    const bytes = isFresh ? watch.memoryBytes() : undefined;
    if (bytes !== undefined) points.push({ x: connections, y: bytes });
  }
  const { startNs, cpuUs, sentBytes, receivedBytes } = await watchAtRest(rig, watchMs);
  yield {
    name: "idle",
    startMs: rig.atMs(startNs),
    durationMs: watchMs,
    measures: {
      connections: connected,
      wireSentBytes: sentBytes,
      wireReceivedBytes: receivedBytes,
      ...(cpuUs !== undefined && { serverCpuUs: cpuUs }),
    },
    histograms: {},
  };
  const line = points.length === steps.length ? fitLine(points) : undefined;
  const perConnectionSecond = (amount: number): number => amount / connected / (watchMs / 1000);
  return {
    measures: {
      ...(line && { memoryBytesPerConnection: line.slope }),
      ...(cpuUs !== undefined && { idleCpuUsPerConnectionSecond: perConnectionSecond(cpuUs) }),
      idleWireBytesPerConnectionSecond: perConnectionSecond(sentBytes + receivedBytes),
    },
    series: points.length === steps.length ? [memorySeries(points)] : [],
    flags: [
      ...memoryFlags(line),
      ...(fewer ? [fewConnectionsFlag(connected)] : []),
      ...(isFresh ? [] : [usedServerFlag]),
    ],
  };
}

const fewConnectionsFlag = (connections: number): Flag => ({
  code: "few-connections",
  severity: "warning",
  cause: "wirebench",
  message: `memory is that of ${connections} users: more of them would poll more than ${pollsPerSecondMax} times a second`,
});

/** Memory, CPU time and bytes of connections on which nobody sends. Its trials need no quiet machine and share it. */
export const idle: Experiment<IdleCell, ServerRig> = {
  name: "idle",
  group: "cost",
  title: "Idle",
  question: "What does an idle connection cost?",
  follows: ["idleConnections", "idleMs", "idleTrialsMax", "rampUpMs", "client", "payloadBytes", "payloadKind", "link"],
  metrics: ["memoryBytesPerConnection", "idleCpuUsPerConnectionSecond", "idleWireBytesPerConnectionSecond"],
  isolation: "shared",
  cells,
  // A program that served before has memory to spare, which new connections would get for nothing.
  open: openOnOwnPrograms,
  measure,
  trafficMs: ({ steps, restMs, watchMs }) => steps.length * restMs + watchMs,
  /** A client that asks by the clock, held to what a stream promises. */
  sabotage(request) {
    const polled = protocols.find(({ server }) => server.traits.downlink === "polled")!.server.traits.name;
    const stream = protocols.find(({ server }) => server.traits.downlink === "stream")!.server.traits.name;
    const [cell] = cells({ ...request, targets: [embeddedTarget(polled)] });
    const expectations = expectationsFor(embeddedTarget(stream));
    return { cell: { ...cell!, expectations }, fails: "idleWireBytesPerConnectionSecond" };
  },
};
