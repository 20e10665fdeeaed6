/** A process that is one server: it listens, serves, and says what serving cost. */

import { type AnswerScript, answerPlans } from "../../../load/behaviours/answer-script.ts";
import {
  type BroadcastBehaviour,
  type BroadcastLog,
  type BroadcastOrder,
  broadcastBehaviour,
} from "../../../load/behaviours/broadcast.ts";
import { type EchoOrder, echoBehaviour } from "../../../load/behaviours/echo.ts";
import { type EndsBehaviour, endsBehaviour } from "../../../load/behaviours/ends.ts";
import {
  type ImposedDelays,
  type KnownAnswerBehaviour,
  knownAnswerBehaviour,
} from "../../../load/behaviours/known-answer.ts";
import {
  type CostLog,
  type KnownCost,
  type KnownCostBehaviour,
  knownCostBehaviour,
} from "../../../load/behaviours/known-cost.ts";
import type { FlowRecords, MeasuredBehaviour } from "../../../load/behaviours/measured-behaviour.ts";
import { type PresenceOrder, presenceBehaviour } from "../../../load/behaviours/presence.ts";
import { type RelayOrder, relayBehaviour } from "../../../load/behaviours/relay.ts";
import { scriptedBehaviour } from "../../../load/behaviours/scripted.ts";
import { type SizedOrder, sizedBehaviour } from "../../../load/behaviours/sized.ts";
import { type TrafficOrder, trafficBehaviour } from "../../../load/behaviours/traffic.ts";
import {
  type UpdateLog,
  type UpdatesBehaviour,
  type UpdatesOrder,
  updatesBehaviour,
} from "../../../load/behaviours/updates.ts";
import type { WindowOrder } from "../../../load/flows/window.ts";
import { collectGarbage } from "../../../load/metering/garbage.ts";
import { type ProcessUse, UsageMeter } from "../../../load/metering/usage.ts";
import { realTimeline, wakeMetronome } from "../../../load/pacing/metronome.ts";
import type { Limits, Options, RunningServer } from "../../../protocol/contract.ts";
import { type CodecOptions, MessageCodec } from "../../../protocol/messages/message.ts";
import { loadServer } from "../../targets/protocol-modules.ts";
import { answerCalls } from "./remote.ts";

/** Which behaviour a server has, with what that behaviour needs to know. */
export type BehaviourOrder =
  | { name: "scripted" }
  | ({ name: "echo" } & EchoOrder)
  | ({ name: "traffic" } & TrafficOrder)
  | { name: "known-answer"; script: AnswerScript }
  | ({ name: "relay" } & RelayOrder)
  | ({ name: "broadcast" } & BroadcastOrder)
  | ({ name: "presence" } & PresenceOrder)
  | ({ name: "updates" } & UpdatesOrder)
  | ({ name: "sized" } & SizedOrder)
  | { name: "ends" }
  | ({ name: "known-cost" } & KnownCost);

export interface ServeOrder {
  behaviour: BehaviourOrder;
  protocol: string;
  codec: CodecOptions;
  host: string;
  port: number;
  limits: Limits;
  /** Of the target. */
  options: Options;
}

export interface ServerWindow {
  flows: FlowRecords;
  use: ProcessUse;
  /** Only of a server that broadcasts. */
  broadcast?: BroadcastLog;
  /** Only of a server with known answers. */
  imposed?: ImposedDelays;
  /** Only of a server with a known cost. */
  cost?: CostLog;
  /** Only of a publisher of updates. */
  updates?: UpdateLog;
}

let broadcast: BroadcastBehaviour | undefined;
let knownAnswers: KnownAnswerBehaviour | undefined;
let knownCost: KnownCostBehaviour | undefined;
let updates: UpdatesBehaviour | undefined;
let ends: EndsBehaviour | undefined;
let measured: MeasuredBehaviour | undefined;
let meter: UsageMeter | undefined;

const api = {
  async listen(order: ServeOrder): Promise<Pick<RunningServer, "url" | "certificate">> {
    const server = await loadServer(order.protocol);
    measured = behaviourOf(order);
    const { url, certificate } = await server.listen({ ...order, behaviour: measured.behaviour });
    return { url, ...(certificate !== undefined && { certificate }) };
  },
  async prepare(window: WindowOrder): Promise<void> {
    meter = new UsageMeter(window, () => measured!.handledMessages);
    await measured!.prepare(window);
  },
  send: (): Promise<void> => measured!.send(),
  async halt(): Promise<void> {
    measured?.halt();
  },
  /** When its connections ended, in nanoseconds of the host's monotonic clock; only of a server with that behaviour. */
  endsNs: async (): Promise<readonly number[]> => ends?.endsNs ?? [],
  collectGarbage: async (): Promise<void> => collectGarbage(),
  async collect({ drainMs }: { drainMs: number }): Promise<ServerWindow> {
    const flows = await measured!.collect(drainMs);
    return {
      flows,
      use: meter!.read(),
      ...(broadcast && { broadcast: broadcast.log() }),
      ...(knownAnswers && { imposed: knownAnswers.imposed }),
      ...(knownCost && { cost: knownCost.log }),
      ...(updates && { updates: updates.log }),
    };
  },
};

function behaviourOf(order: ServeOrder): MeasuredBehaviour {
  switch (order.behaviour.name) {
    case "echo":
      return echoBehaviour(order.behaviour);
    case "traffic":
      return trafficBehaviour(new MessageCodec(order.codec), order.behaviour);
    case "scripted":
      return scriptedBehaviour();
    case "relay":
      return relayBehaviour(order.behaviour);
    case "broadcast":
      broadcast = broadcastBehaviour(order.behaviour);
      return broadcast;
    case "presence":
      return presenceBehaviour(order.behaviour);
    case "updates":
      updates = updatesBehaviour(order.codec.payloadBytes, order.behaviour);
      return updates;
    case "sized":
      return sizedBehaviour(order.behaviour);
    case "ends":
      ends = endsBehaviour();
      return ends;
    case "known-answer":
      wakeMetronome();
      knownAnswers = knownAnswerBehaviour(
        new MessageCodec(order.codec),
        answerPlans(order.behaviour.script),
        realTimeline,
      );
      return knownAnswers;
    case "known-cost":
      knownCost = knownCostBehaviour(order.behaviour);
      return knownCost;
  }
}

export type ServerApi = typeof api;

answerCalls(api);
