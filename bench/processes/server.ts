/** A process that is one server: it listens, serves, and says what serving cost. */

import type { ProcessUse } from "../../reports/results.ts";
import { echoService } from "../../servers/behaviours/echo.ts";
import {
  type ImposedDelays,
  type KnownAnswerService,
  knownAnswerService,
} from "../../servers/behaviours/known-answer.ts";
import { oneWayService } from "../../servers/behaviours/one-way.ts";
import { scriptedService } from "../../servers/behaviours/scripted.ts";
import type { FlowRecords, Service } from "../../servers/behaviours/service.ts";
import type { WindowOrder } from "../flows/window.ts";
import { type AnswerScript, answerPlans } from "../known-answers/script.ts";
import { MessageCodec, type PayloadKind } from "../message.ts";
import type { Limits } from "../protocol.ts";
import { protocolNamed } from "../protocols.ts";
import { collectGarbage } from "./garbage.ts";
import { answerCalls } from "./remote.ts";
import { UsageMeter } from "./usage.ts";

/** What both ends of a cell build their codec from. */
export interface CodecOptions {
  kind: PayloadKind;
  payloadBytes: number;
  seed: number;
}

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
