import { nowNs } from "../../protocol/clock.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { speaksHttp2 } from "../../protocol/options/h2.ts";
import { allowsPlainLogin } from "../../protocol/options/plain-login.ts";
import { scramIterations } from "../../protocol/options/scram-iterations.ts";
import { tlsMode } from "../../protocol/options/tls.ts";
import type { Window } from "../../results/contract/results.ts";
import { delayMeasures } from "../../results/recording/delays.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import type { RigContext } from "../rigs/rig.ts";
import { type LoginOrder, type LoginReport, login as role } from "../rigs/roles/login.ts";
import { SystemRig } from "../rigs/system-rig.ts";
import { protocols } from "../targets/protocols.ts";
import { embeddedTarget, type Target, traitsOf, withOption } from "../targets/target.ts";
import { delaysNamed } from "./comparison/measured.ts";
import { countRoundTrips, inWords, openingSteps, tlsStep } from "./comparison/opening-steps.ts";
import type { CellPlan, Experiment, Outcome } from "./contract/experiment.ts";
import type { RunRequest } from "./contract/request.ts";

export interface LoginCell extends CellPlan {
  readonly mechanism?: string;
  /** What is started, where it differs from the target by an option that sets no target apart: the iterations. */
  readonly served: Target;
  /** Whether the client keeps what it derived from the password (RFC 5802 section 5.1). */
  readonly keepsKeys: boolean;
  readonly extraMessages: number;
}

/** One after the other, in each trial. */
const logins = 100;
/** Before them, untimed: code is compiled by how often it ran. */
const warmupLogins = 20;
const patienceMs = 120_000;
/** Ten times what the RFCs ask for. */
const manyIterations = 40_960;
const codec = { kind: "text", payloadBytes: 64, seed: 0 } as const;

function expectationsFor(target: Target, mechanism: string | undefined): CellPlan["expectations"] {
  const steps = openingSteps(target, mechanism);
  const words = inWords(steps) || "nothing is waited for";
  const count = countRoundTrips(steps);
  // RFC 8446 section 4.6.1: tickets for later sessions come when the server likes, which may look like an answer.
  const tickets = steps.find(([, what]) => what === tlsStep)?.[0] ?? 0;
  // RFC 9113 section 3.4: settings come before anything is asked for, and are acknowledged.
  const settings = speaksHttp2(target.options) ? 1 : 0;
  return [
    {
      statement: `round trips until the first message as specified: ${words}`,
      formula: `${words} = ${count}${tickets === 0 ? "" : ", or one more for the tickets of each handshake"}`,
      metric: "loginRoundTrips",
      expected: { low: count, high: count + tickets + settings },
    },
  ];
}

function cellOf(
  target: Target,
  {
    mechanism,
    variant,
    keepsKeys = false,
    served = target,
  }: Partial<Pick<LoginCell, "mechanism" | "variant" | "keepsKeys" | "served">> = {},
): LoginCell {
  return {
    target,
    ...(variant !== undefined && { variant }),
    ...(mechanism !== undefined && { mechanism }),
    served,
    keepsKeys,
    extraMessages: 0,
    parameters: {
      connections: 1,
      payloadBytes: codec.payloadBytes,
      client: "library",
      settings: {
        logins,
        ...(mechanism !== undefined && { mechanism }),
        ...(variant !== undefined && { keysKept: keepsKeys }),
      },
    },
    expectations: expectationsFor(target, mechanism),
  };
}

/** Each mechanism; and of the best one, what it costs less where keys are kept, and more where the server asks for more. */
function cellsOf(target: Target): LoginCell[] {
  const { mechanisms } = traitsOf(target);
  if (mechanisms === undefined) return [cellOf(target)];
  const each = mechanisms.map((mechanism) => cellOf(target, { mechanism, variant: mechanism }));
  // Which mechanism is the best of a server that others wrote, only that server knows.
  if (target.system.kind !== "embedded") return [...each, cellOf(target, { variant: "keys kept", keepsKeys: true })];
  const [best = ""] = mechanisms;
  const dearer = withOption(target, scramIterations.name, String(manyIterations));
  return [
    ...each,
    cellOf(target, { mechanism: best, variant: "keys kept", keepsKeys: true }),
    ...(dearer === undefined ? [] : [cellOf(target, { mechanism: best, variant: "10x iterations", served: dearer })]),
  ];
}

const cells = ({ targets }: RunRequest): LoginCell[] => targets.flatMap(cellsOf);

const open = ({ served: target }: LoginCell, context: RigContext): Promise<SystemRig> =>
  SystemRig.open({ target, behaviour: { name: "echo" }, codec }, context);

async function* measure(rig: SystemRig, cell: LoginCell): AsyncGenerator<Window, Outcome> {
  const { served, mechanism, keepsKeys, extraMessages } = cell;
  const { url } = rig.system;
  // Whether a process serves or hands on is told by the connections of users who stay, and nobody stays here.
  const watch = cell.target.system.kind === "external" ? undefined : rig.system.watch;
  const { protocol, options } = served;
  const order = { url, protocol, options, keepsKeys, extraMessages, ...(mechanism !== undefined && { mechanism }) };
  const play = async (count: number): Promise<LoginReport> => {
    const report = await rig.play(role, { ...order, logins: count } satisfies LoginOrder, patienceMs);
    // What a server does not offer is not its failure.
    if (report.refused !== undefined) throw new WirebenchError("component-missing", report.refused);
    return report;
  };
  await play(warmupLogins);
  const startNs = rig.startClock();
  const before = watch?.cpuUs();
  const { login, clientCpuUs, overheard } = await play(logins);
  const durationMs = (nowNs() - startNs) / 1e6;
  const after = watch?.cpuUs();
  // The one that was overheard is among them.
  const opened = logins + (overheard === undefined ? 0 : 1);
  const serverCpuUs = before === undefined || after === undefined ? undefined : after - before;
  const used = { ...(serverCpuUs !== undefined && { serverCpuUs }), clientCpuUs };
  yield { name: "logins", startMs: 0, durationMs, measures: { logins, ...used }, histograms: { login } };
  return {
    measures: {
      ...delayMeasures("login", { histogram: decodeHistogram(login), neverCame: 0 }),
      ...(serverCpuUs !== undefined && { serverCpuUsPerLogin: serverCpuUs / opened }),
      clientCpuUsPerLogin: clientCpuUs / logins,
      ...(overheard && {
        loginRoundTrips: overheard.roundTrips,
        loginWireBytes: overheard.upBytes + overheard.downBytes,
        ...(overheard.scramIterations !== undefined && { scramIterations: overheard.scramIterations }),
      }),
    },
  };
}

/** From nothing to the first message, by every way to log in. */
export const login: Experiment<LoginCell, SystemRig> = {
  name: "login",
  group: "security",
  title: "Login",
  question: "What does it take until the first message may be sent, and what of it is the login?",
  lesson:
    "A login costs round trips, which distance multiplies, and with SCRAM the client's time for so many iterations, which is what makes a stolen password file dear to break; a client that keeps the derived key pays that once. A protocol without a login starts sooner because it has not asked who is there: an application that asks pays too.",
  presets: ["full"],
  follows: [],
  metrics: [
    ...delaysNamed("login"),
    "loginRoundTrips",
    "loginWireBytes",
    "scramIterations",
    "serverCpuUsPerLogin",
    "clientCpuUsPerLogin",
  ],
  isolation: "exclusive",
  cells,
  unfit: ({ target, mechanism }) =>
    mechanism === "PLAIN" &&
    target.system.kind === "embedded" &&
    tlsMode(target.options) === undefined &&
    !allowsPlainLogin(target.options)
      ? "this server offers PLAIN over TLS only (+tls), unless it is told otherwise (+plain-login)"
      : undefined,
  open,
  measure,
  trafficMs: () => logins * 10,
  /** A connection that asks once more than its specification has it. */
  sabotage(request) {
    const { name } = protocols.find(({ server }) => server.traits.mechanisms !== undefined)!.server.traits;
    const [cell] = cells({ ...request, targets: [embeddedTarget(name)] });
    return { cell: { ...cell!, extraMessages: 1 }, fails: "loginRoundTrips" };
  },
};
