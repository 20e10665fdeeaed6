/** A capacity plan for a terminal (one screen, or with its formulas), in markdown and as data for other programs. */
import type { Interval, Results } from "../../results/contract/results.ts";
import { formatCount, formatList, formatMemory, formatQuantity, plural } from "../../results/quantities/format.ts";
import { starvationOf } from "../../results/validity/cpu-contention.ts";
import { wasBusy } from "../../results/validity/machine.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import { left, renderMarkdownTable, renderPlainTable, right, type Table } from "../text/table.ts";
import { plainColumns, wrap } from "../text/wrap.ts";
import { costInterval, costInWords, costRows, programTitles } from "./cost-rows.ts";
import { type BrokerPlan, measuredCost, type Plan } from "./plan.ts";

/** Where the costs come from, for the reader. */
export interface PlanOrigin {
  readonly file: string;
  readonly results: Pick<Results, "tool" | "startedAt" | "environment">;
}

export function renderPlanText(plan: Plan, origin: PlanOrigin, { explain = false } = {}): string {
  const said = (lines: readonly string[]): string => lines.flatMap((line) => wrap(line, plainColumns, "  ")).join("\n");
  return blocks(
    said(headline(plan)),
    renderPlainTable(answerTable(plan)),
    said([...remarks(plan, origin), ...(explain ? [] : ["--explain shows the formulas and what went into them."])]),
    ...(explain
      ? [
          said(["Model", ...model.map((line) => `  ${line}`)]),
          ...plan.brokers.map((broker) => `Costs, ${broker.costs.broker}\n${renderPlainTable(costTable(broker))}`),
          said(["Inputs", ...inputs(plan, origin).map((line) => `  ${line}`)]),
        ]
      : []),
  );
}

export const renderPlanMarkdown = (plan: Plan, origin: PlanOrigin): string =>
  blocks(
    "# wirebench: capacity plan",
    headline(plan).map(escapeText).join("\n\n"),
    renderMarkdownTable(answerTable(plan)),
    bullets(remarks(plan, origin).map(escapeText)),
    "## Model",
    bullets(model.map(escapeText)),
    "## Costs",
    ...plan.brokers.flatMap((broker) => [`### ${broker.costs.broker}`, renderMarkdownTable(costTable(broker))]),
    "## Inputs",
    bullets(inputs(plan, origin).map(escapeText)),
  );

export function planAsData(plan: Plan, origin: PlanOrigin) {
  const { file, results } = origin;
  const { tool, startedAt, environment } = results;
  return {
    request: plan.request,
    payloadBytes: plan.payloadBytes,
    source: { file, tool, startedAt, cpu: environment.cpu, cores: environment.cores },
    perUser: {
      messagesPerSecond: plan.request.messagesPerUserPerSecond,
      deliveriesPerSecond: plan.request.messagesPerUserPerSecond * plan.request.fanout,
    },
    /** Infinite, nothing is enough: null. */
    brokers: plan.brokers.map(({ costs, sizing, figures, stretch, enough }) => ({
      broker: costs.broker,
      protocol: costs.protocol,
      enough,
      limit: sizing.limit,
      ...figures,
      nodesByMemory: sizing.nodesByMemory,
      beyondMeasured: stretch,
      measuredRange: costs.range,
      costs: Object.values(costs.programs).map((own) => ({
        program: own.program,
        cores: own.cores,
        ...Object.fromEntries(costRows(own.program).map((row) => [row.name, costInterval(own, row)])),
        wakeUpsPerArrival: own.costs.law.perArrival,
        wakeUpsPerSecondMax: own.costs.law.perSecondMax,
      })),
    })),
    refused: plan.refused,
    remarks: remarks(plan, origin),
    model,
  };
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
/** Two digits: no plan knows three. */
const about = (value: number): string =>
  value >= 100 ? formatCount(Number(value.toPrecision(2))) : String(Number(value.toPrecision(2)));
const shown = (value: number): string => (Number.isFinite(value) ? about(value) : "none");
const withEnds = ({ value, low, high }: Interval): string =>
  shown(low) === shown(high) ? shown(value) : `${shown(value)} (${shown(low)}..${shown(high)})`;

function headline({ request, payloadBytes, brokers }: Plan): string[] {
  const { users, messagesPerUserPerSecond: perUser, fanout, cpuTarget } = request;
  const messages = users * perUser;
  const asked = `${formatCount(users)} users × ${about(perUser)} messages/s × ${formatCount(fanout)} recipients, ${formatCount(payloadBytes)} B: ${about(messages)} messages/s, ${about(messages * fanout)} deliveries/s.`;
  const each = `1,000 users are ${about(1000 * perUser)} messages/s and ${about(1000 * perUser * fanout)} deliveries/s.`;
  return [`${asked} ${each}`, ...(brokers.length === 0 ? [] : [answer(brokers, request, cpuTarget)])];
}

function answer(brokers: readonly BrokerPlan[], { users }: Plan["request"], cpuTarget: number): string {
  const doing = brokers.filter(({ enough }) => enough);
  const busy = `with no program busier than ${percent(cpuTarget)}`;
  if (doing.length > 0) {
    const each = doing.map(({ costs, figures }) => `${costs.broker} with ${nodesOf(figures.nodes)}`);
    return `Enough, ${busy}: ${formatList(each)}.`;
  }
  const most = brokers.reduce((best, one) => (one.sizing.usersMax > best.sizing.usersMax ? one : best));
  const shards = Math.ceil(users / Math.max(1, most.sizing.usersMax));
  const { usersMax, usersMaxNodes, limit } = most.sizing;
  const { times } = most.stretch;
  const guess = times > 1 ? ` (${short(times)} x beyond what was measured)` : "";
  const why = limit === "broker" ? "the broker is full" : "hearing every message fills every node";
  return `Not as one cluster, ${busy}. The largest is ${most.costs.broker}'s: ${about(usersMax)} users on ${plural(usersMaxNodes, "node")}${guess}, where ${why}. More need ${about(shards)} clusters whose users do not write to each other, or channels that only the nodes of their users subscribe to.`;
}

const nodesOf = ({ value, low, high }: Interval): string =>
  low === high ? plural(value, "node") : `${plural(value, "node")} (${shown(low)}..${shown(high)})`;

/** In users, so that every column compares with what was asked. */
function answerTable({ brokers, request }: Plan): Table {
  return {
    columns: [
      left("users on"),
      right("one node"),
      right("a cluster"),
      left("limit"),
      right(`nodes for ${short(request.users)}`),
    ],
    rows: brokers.map(({ costs, figures, sizing, enough }) => [
      costs.broker,
      ends(figures.oneNodeUsers),
      ends(figures.usersMax),
      sizing.limit,
      enough ? ends(figures.nodes) : "none does",
    ]),
  };
}

const magnitudes = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** `190k`: so that seven numbers stand in a line. */
function short(value: number): string {
  if (!Number.isFinite(value)) return "∞";
  const [size, letter] = magnitudes.find(([size]) => value >= size) ?? [1, ""];
  return `${Number((value / size).toPrecision(2))}${letter}`;
}
const ends = ({ value, low, high }: Interval): string =>
  short(low) === short(high) ? short(value) : `${short(value)} (${short(low)}..${short(high)})`;

function remarks({ request, brokers, refused }: Plan, { results }: PlanOrigin): string[] {
  const [first] = brokers;
  const proxy = first?.figures;
  return [
    ...(first === undefined || proxy === undefined
      ? []
      : [
          `Load balancer: ${withEnds(proxy.proxyCores)} cores for ${short(request.users)}; the ${first.room.proxyCores} it was measured with carry ${ends(proxy.proxyUsers)}.`,
          ...memory(request, first),
        ]),
    ...(request.machineCores > 1
      ? [
          `A node is one process on one core: ${request.machineCores} cores of a machine carry ${request.machineCores} nodes, each of which hears every message again. They do not make one node faster.`,
        ]
      : []),
    ...multiThreaded(brokers),
    ...(brokers.some(({ enough, sizing }) => enough && sizing.nodes === 1)
      ? ["Where one node is enough, everybody is cut off when it is lost: run two."]
      : []),
    ...beyond(brokers),
    ...disturbed(brokers, results.environment),
    ...refused.map(({ broker, why }) => `${broker} is left out: ${why}.`),
  ];
}

function memory({ nodeMemoryBytes, memoryTarget }: Plan["request"], { room, costs: { cell } }: BrokerPlan): string[] {
  const { connectionsPerNode } = room;
  if (connectionsPerNode === undefined) return ["Memory was not measured: nodes are counted by CPU alone."];
  const measuredTo = Number(cell.parameters.settings.usersMax);
  const times = connectionsPerNode / measuredTo;
  const reach = times > 1 ? `, ${short(times)} x as many as were measured` : "";
  return [
    `Memory: ${formatMemory(nodeMemoryBytes)} of a node, ${percent(memoryTarget)} full, hold ${about(connectionsPerNode)} connections${reach}.`,
  ];
}

/** Caches and schedules are shared with whatever else ran: what a message cost then, it need not cost. */
function disturbed(brokers: readonly BrokerPlan[], environment: PlanOrigin["results"]["environment"]): string[] {
  const { starvedTrials } = starvationOf(brokers.map(({ costs }) => costs.cell));
  if (starvedTrials === 0 && !wasBusy(environment)) return [];
  const load = `load ${environment.loadAverage.toFixed(1)} on ${plural(environment.cores, "core")} before it`;
  const meanwhile = starvedTrials === 0 ? "" : ", and processes had no core while they were measured";
  return [`The machine was busy (${load}${meanwhile}): measure again on a quiet one before you rely on this.`];
}

function beyond(brokers: readonly BrokerPlan[]): string[] {
  const far = brokers.filter(({ stretch }) => stretch.times > 1);
  if (far.length === 0) return ["All of it lies within what was measured."];
  const each = [...Map.groupBy(far, ({ stretch }) => stretch.what)].map(
    ([what, own]) =>
      `in ${what} ${formatList(own.map(({ costs, stretch }) => `${costs.broker} ${short(stretch.times)} x`))}`,
  );
  return [`Beyond what was measured, ${each.join("; ")}: costs that far are a guess.`];
}

/** What it would do with more cores than it was measured on nobody knows. */
function multiThreaded(brokers: readonly BrokerPlan[]): string[] {
  const names = brokers.filter(({ room }) => room.brokerCores > 1).map(({ costs }) => costs.broker);
  if (names.length === 0) return [];
  const [cores] = brokers.flatMap(({ room }) => (room.brokerCores > 1 ? [room.brokerCores] : []));
  return [`${formatList(names)}: with the ${cores} cores of the measurement; what more would do is not known.`];
}

const model = [
  "CPU per second of a program = idle + wake-ups/s × per wake-up + messages/s × per message + deliveries/s × per delivery.",
  "A node is given its users' messages (all ÷ nodes), every message from the broker, and its users' deliveries (all ÷ nodes); the broker every message, and a copy for each node; the load balancer every message and every delivery.",
  "wake-ups/s = arrivals × (1 − busy) ÷ (1 + arrivals ÷ most): what comes while a program is busy wakes nobody up, and what comes through busy programs comes in batches. Arrivals are what would wake it up at rest; the most is what windows at several rates tend to.",
  "Busy is where both agree: (own + all) ÷ (1 + all), own = idle and messages, all = every arrival a wake-up, as shares of its cores.",
  "Fitted by weighted least squares without negative costs, over all windows of all cells at once: a delivery to a user is one number for all brokers, and so is the load balancer. Ends: 95 of 100 of 200 bootstrap resamples, each off by what one of the windows was off.",
  "Not in it: connecting, reconnecting after a failure, TLS, finding recipients among a node's users, a network (measured over loopback on one host), replicas.",
];

function costTable({ costs }: BrokerPlan): Table {
  return {
    columns: [left("program"), left("CPU time"), right("cost"), left("from..to")],
    rows: Object.values(costs.programs).flatMap((own) => [
      ...costRows(own.program).map((row) => [
        programTitles[own.program],
        row.title,
        ...costInWords(costInterval(own, row)),
      ]),
      [
        programTitles[own.program],
        "wake-ups per arrival; most",
        own.costs.law.perArrival.map(about).join(" / "),
        Number.isFinite(own.costs.law.perSecondMax) ? `${about(own.costs.law.perSecondMax)}/s` : "no end seen",
      ],
    ]),
  };
}

function inputs({ request, brokers }: Plan, { file, results: { startedAt, environment, tool } }: PlanOrigin): string[] {
  return [
    `${file}, started ${startedAt}, ${environment.cpu}, ${environment.cores} cores, load average ${environment.loadAverage.toFixed(1)} before it, ${tool.name} ${tool.version}.`,
    `Cores busy to ${percent(request.cpuTarget)} on average, memory full to ${percent(request.memoryTarget)}. Rates are averages: where the peak is k times as high, ask for k times --messages-per-user.`,
    ...brokers.map(({ costs: { broker, range, trials, cell, protocol } }) => {
      const [base, each] = [
        measuredCost(cell, "nodeMemoryBytesBase"),
        measuredCost(cell, "nodeMemoryBytesPerConnection"),
      ];
      const bytes =
        base === undefined || each === undefined || each <= 0
          ? ""
          : `; memory of a node ${formatQuantity(base, "bytes")} + ${formatQuantity(each, "bytes")} per connection`;
      return `${broker}: ${protocol}, ${plural(trials, "trial")}; measured up to ${about(range.publications)} messages/s, ${about(range.nodeDeliveries)} deliveries/s of a node, ${about(range.brokerDeliveries)} messages/s handed to ${range.nodes} nodes${bytes}.`;
    }),
  ];
}
