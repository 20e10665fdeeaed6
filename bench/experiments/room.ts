import type { ServerRig } from "../rigs/server-rig.ts";
import { type ExchangeCell, embeddedWithout, exchangeCell, whyNoExchange } from "./comparison/exchange-cell.ts";
import { fanOutMetrics, fanOutTrial } from "./comparison/fan-out-trial.ts";
import { openOnOwnPrograms } from "./comparison/own-programs.ts";
import { trafficParameters, trafficSettings } from "./comparison/traffic-cell.ts";
import { type Experiment, exactly } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

const memberCounts = [10, 50, 200] as const;
/** Messages in a window, so that a median is one. */
const publicationsMin = 20;

function cells(request: RunRequest): ExchangeCell[] {
  const { targets, traffic } = request;
  return targets.flatMap((target) =>
    memberCounts.map((members): ExchangeCell => {
      // The same deliveries a second, however large the room.
      const ratePerSecond = traffic.ratePerSecond / members;
      const durationMs = Math.max(traffic.durationMs, (publicationsMin * 1000) / ratePerSecond);
      const asked = { ...request, traffic: { ...traffic, connections: members, workers: 1, durationMs, turns: 1 } };
      const cell = exchangeCell(target, asked, {
        exchange: "room",
        variant: `${members} members`,
        application: { name: "broadcast" },
        load: { kind: "open", ratePerSecond, arrivals: traffic.arrivals },
        expectations: [
          {
            statement: "every message reaches every member once",
            formula: "published × members - deliveries = 0",
            metric: "missingDeliveries",
            expected: exactly(0),
          },
          {
            statement: "no member hears a message twice",
            formula: "arrivals beyond the first = 0",
            metric: "duplicatedDeliveries",
            expected: exactly(0),
          },
          {
            statement: "the room keeps one order for all",
            formula: "arrivals after a later message = 0",
            metric: "reorderedDeliveries",
            expected: exactly(0),
          },
        ],
      });
      return { ...cell, parameters: { ...cell.parameters, settings: { members } } };
    }),
  );
}

/** A room of XMPP beside a broadcast that an application builds. */
export const room: Experiment<ExchangeCell, ServerRig> = {
  name: "room",
  group: "broadcast",
  title: "Room",
  question: "One member says something to a room: when do the first, the median and the last member have it?",
  lesson:
    "In a room the last member decides, and it waits for everybody before it: a server writes to its members one after the other. What a room costs is its deliveries, messages times members. A room of XMPP (XEP-0045) knows who is in it, under which name and with which rights, and tells all members of everyone who comes; the broadcast beside it hands on messages and nothing else.",
  presets: ["full"],
  follows: [
    ...trafficSettings.filter((name) => name !== "connections" && name !== "workers" && name !== "turns"),
    "ratePerSecond",
    "arrivals",
  ],
  metrics: fanOutMetrics,
  isolation: "exclusive",
  cells,
  unfit: whyNoExchange,
  // A large room takes seconds to empty, and a server that does so serves nobody else.
  open: openOnOwnPrograms,
  measure: (rig, cell) => fanOutTrial(rig, cell, cell.parameters.connections),
  trafficMs(cell) {
    const { rampUpMs, durationMs } = trafficParameters(cell);
    return rampUpMs + durationMs;
  },
  /** A broadcast that forgets one member. */
  sabotage(request) {
    const [cell] = cells({ ...request, targets: [embeddedWithout("room")] });
    return { cell: { ...cell!, behaviour: { name: "broadcast", forgetsLast: true } }, fails: "missingDeliveries" };
  },
};
