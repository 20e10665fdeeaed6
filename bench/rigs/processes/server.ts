/** A process that is one server: it listens, serves, and says what serving cost. */

import { type AnswerScript, answerPlans } from "../../../load/behaviours/answer-script.ts";
import { echoService } from "../../../load/behaviours/echo.ts";
import {
  type ImposedDelays,
  type KnownAnswerService,
  knownAnswerService,
} from "../../../load/behaviours/known-answer.ts";
import { oneWayService } from "../../../load/behaviours/one-way.ts";
import { scriptedService } from "../../../load/behaviours/scripted.ts";
import type { FlowRecords, Service } from "../../../load/behaviours/service.ts";
import type { WindowOrder } from "../../../load/flows/window.ts";
import { collectGarbage } from "../../../load/metering/garbage.ts";
import { UsageMeter } from "../../../load/metering/usage.ts";
import type { Limits } from "../../../protocol/contract.ts";
import { type CodecOptions, MessageCodec } from "../../../protocol/messages/message.ts";
import type { ProcessUse } from "../../../results/contract/results.ts";
import { protocolNamed } from "../../targets/protocols.ts";
import { answerCalls } from "./remote.ts";

/** Which behaviour a server has, with what that behaviour needs to know. */
export type ServiceOrder =
  | { service: "echo" | "one-way" | "scripted" }
  | { service: "known-answer"; script: AnswerScript };

export type ServeOrder = ServiceOrder & {
  protocol: string;
  codec: CodecOptions;
  host: string;
  port: number;
  limits: Limits;
};

export interface ServerWindow {
  flows: FlowRecords;
  use: ProcessUse;
  /** Only of a server with known answers. */
  imposed?: ImposedDelays;
}

let knownAnswers: KnownAnswerService | undefined;
let service: Service | undefined;
let meter: UsageMeter | undefined;

const api = {
  async listen(order: ServeOrder): Promise<{ url: string }> {
    const { server } = protocolNamed(order.protocol);
    service = serviceOf(order);
    const { url } = await server.listen({ ...order, behaviour: service.behaviour });
    return { url };
  },
  async begin(window: WindowOrder): Promise<void> {
    meter = new UsageMeter(window, () => service!.handledMessages);
    await service!.begin(window);
  },
  async halt(): Promise<void> {
    service?.halt();
  },
  collectGarbage: async (): Promise<void> => collectGarbage(),
  async collect({ drainMs }: { drainMs: number }): Promise<ServerWindow> {
    const flows = await service!.collect(drainMs);
    return { flows, use: meter!.read(), ...(knownAnswers && { imposed: knownAnswers.imposed }) };
  },
};

function serviceOf(order: ServeOrder): Service {
  switch (order.service) {
    case "echo":
      return echoService();
    case "one-way":
      return oneWayService(new MessageCodec(order.codec));
    case "scripted":
      return scriptedService();
    case "known-answer":
      knownAnswers = knownAnswerService(new MessageCodec(order.codec), answerPlans(order.script));
      return knownAnswers;
  }
}

export type ServerApi = typeof api;

answerCalls(api);
