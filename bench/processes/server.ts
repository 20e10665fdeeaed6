/** A process that is one server: it listens, serves, and says what serving cost. */

import type { ProcessUse } from "../../reports/results.ts";
import { echoService } from "../../servers/behaviours/echo.ts";
import { oneWayService } from "../../servers/behaviours/one-way.ts";
import { scriptedService } from "../../servers/behaviours/scripted.ts";
import type { FlowRecords, Service } from "../../servers/behaviours/service.ts";
import type { WindowOrder } from "../flows/window.ts";
import { MessageCodec, type PayloadKind } from "../message.ts";
import type { Limits } from "../protocol.ts";
import { protocolNamed } from "../protocols.ts";
import { answerCalls } from "./remote.ts";
import { UsageMeter } from "./usage.ts";

/** What both ends of a cell build their codec from. */
export interface CodecOptions {
  kind: PayloadKind;
  payloadBytes: number;
  seed: number;
}

export type ServiceName = keyof typeof services;

const services = {
  echo: () => echoService(),
  "one-way": (codec: CodecOptions) => oneWayService(new MessageCodec(codec)),
  scripted: () => scriptedService(),
};

export interface ServeOrder {
  protocol: string;
  service: ServiceName;
  codec: CodecOptions;
  host: string;
  port: number;
  limits: Limits;
}

export interface ServerWindow {
  flows: FlowRecords;
  use: ProcessUse;
}

let service: Service | undefined;
let meter: UsageMeter | undefined;

const api = {
  async listen(order: ServeOrder): Promise<{ url: string }> {
    const { server } = protocolNamed(order.protocol);
    service = services[order.service](order.codec);
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
  async collect({ drainMs }: { drainMs: number }): Promise<ServerWindow> {
    return { flows: await service!.collect(drainMs), use: meter!.read() };
  },
};

export type ServerApi = typeof api;

answerCalls(api);
