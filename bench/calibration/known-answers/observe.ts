/** Windows of the real harness with the observer between its users and its server. */
import type { AnswerScript, KnownAnswer } from "../../../load/behaviours/answer-script.ts";
import type { FlowName, Load } from "../../../load/flows/traffic.ts";
import type { WindowOrder } from "../../../load/flows/window.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { ClientKind } from "../../../protocol/contract.ts";
import type { Window } from "../../../results/contract/results.ts";
import { flowNamed, useOf } from "../../../results/recording/flows.ts";
import { RemoteProcess } from "../../rigs/processes/remote.ts";
import type { BehaviourOrder, ServerWindow } from "../../rigs/processes/server.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { type ServerCell, ServerRig } from "../../rigs/server-rig.ts";
import { type Target, traitsOf } from "../../targets/target.ts";
import type { Impairment, RelayApi } from "../observer/relay.ts";
import { type WitnessedWindow, witness } from "../observer/witness.ts";

/** A window: the harness offers `flows`, the server answers as `answer` says, or at once. */
export interface KnownWindow {
  readonly name: string;
  readonly flows: Readonly<Partial<Record<FlowName, Load>>>;
  readonly durationMs: number;
  readonly answer?: KnownAnswer;
}

export interface WindowSeen {
  readonly plan: KnownWindow;
  readonly rampUpStartNs: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly reportedNs: number;
  /** As the harness has it. */
  readonly window: Window;
  /** As our own server had it. */
  readonly server: ServerWindow;
  readonly wire: WitnessedWindow;
  /** Nothing is under way before and after a window: no request waits for messages, no response follows one. */
  readonly quietAtEnds: boolean;
}

export interface Attempt {
  readonly target: Target;
  readonly seed: number;
  readonly signal: AbortSignal;
}

export interface ObserveOrder extends Attempt {
  readonly behaviour: "known-answer" | "one-way";
  readonly client: ClientKind;
  readonly windows: readonly KnownWindow[];
  readonly impairments?: { readonly up: Impairment; readonly down: Impairment };
}

export const shape = { connections: 4, rampUpMs: 100, payloadBytes: 64 } as const;

/** It ends with the last message, unless one was dropped: then it must be waited for in vain. */
const drainMsOf = ({ answer }: KnownWindow): number => (answer?.kind === "drop" ? 2000 : 10_000);

const callWaitMs = 20_000;

/** One trial by the harness itself: its processes, pacer and recorder. Throws if it is not complete. */
export async function observe(order: ObserveOrder): Promise<WindowSeen[]> {
  const { target, windows, seed, signal, impairments } = order;
  const script: AnswerScript = Object.fromEntries(
    windows.flatMap(({ name, answer }) => (answer ? [[name, answer]] : [])),
  );
  const behaviour: BehaviourOrder =
    order.behaviour === "one-way" ? { name: "traffic" } : { name: "known-answer", script };
  const cell: ServerCell = {
    target,
    behaviour,
    parameters: { ...shape, client: order.client, payloadKind: "text", workers: 1, settings: {} },
  };
  await using programs = new ProgramPool();
  await using rig = await ServerRig.open(cell, { trial: 1, seed, signal, programs });
  const relay = new RemoteProcess<RelayApi>("observer", "../../calibration/observer/relay");
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => relay.stop());
  const url = new URL(rig.system.url);
  const masked = traitsOf(target).schemes.some((scheme) => scheme.startsWith("ws"));
  const listening = { host: url.hostname, port: Number(url.port), payloadBytes: shape.payloadBytes, masked };
  const { port } = await relay.call("listen", { ...listening, ...impairments }, callWaitMs);
  url.port = String(port);
  await rig.connect(shape.connections, 1, url.href);
  let heard: { server: ServerWindow; order: WindowOrder } | undefined;
  rig.onServerWindow = (server, order) => {
    heard = { server, order };
  };
  await rig.warmUp({ name: "warm-up", flows: warmUpOf(order.behaviour) }, 150, 10_000);
  const { uplink, downlink } = traitsOf(target);
  const quietAtEnds = uplink === "stream" && downlink === "stream";
  const seen: WindowSeen[] = [];
  for (const [place, plan] of windows.entries()) {
    await relay.call("crossings", undefined, callWaitMs);
    const window = await rig.window(
      { name: plan.name, flows: plan.flows },
      {
        ...shape,
        durationMs: plan.durationMs,
        drainMs: drainMsOf(plan),
      },
    );
    if (rig.failure !== undefined) throw new Error(rig.failure);
    const reportedNs = nowNs();
    const wire = witness(await relay.call("crossings", undefined, callWaitMs), place + 1);
    const { server, order } = heard!;
    const { rampUpStartNs, startNs, endNs } = order;
    seen.push({ plan, rampUpStartNs, startNs, endNs, reportedNs, window, server, wire, quietAtEnds });
  }
  return seen;
}

const warmUpOf = (behaviour: ObserveOrder["behaviour"]): KnownWindow["flows"] => {
  const dense = { kind: "open", ratePerSecond: 2000 } as const;
  return behaviour === "one-way" ? { uplink: dense, downlink: dense } : { roundTrip: { kind: "closed", inFlight: 4 } };
};

/** The flow of a window and the bytes of it, as the harness has them. */
export function measuredOf({ window }: WindowSeen, name: FlowName) {
  const { wireSentBytes = Number.NaN, wireReceivedBytes = Number.NaN } = useOf(window);
  return { flow: flowNamed(window, name)!, sentBytes: wireSentBytes, receivedBytes: wireReceivedBytes };
}
