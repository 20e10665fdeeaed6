/**
 * A load-generator process like the harness's own, for a protocol that is not one of its rows: one request, one
 * response, with the request class the polling protocols send with.
 */

import { ClientLink } from "../../../clients/connection/link.ts";
import { Exchange } from "../../../clients/http/exchange.ts";
import type { WindowOrder } from "../../../load/flows/window.ts";
import { type ConnectOrder, type GeneratorWindow, Users } from "../../../load/users/users.ts";
import type { ProtocolClient } from "../../../protocol/contract.ts";
import { describeError } from "../../../protocol/errors.ts";
import { announce, answerCalls } from "../../rigs/processes/remote.ts";

const requestResponse: ProtocolClient = {
  async connect({ url, limits, onMessage }) {
    const exchange = new Exchange(new URL(url).origin, { answerBytesMax: limits.queueBytesMax });
    const link: ClientLink = new ClientLink(
      {
        transmit: (payload) =>
          exchange.start(
            { method: "POST", path: "/", json: String(payload) },
            {
              answered: ({ text }) => onMessage(text),
              failed: (cause) => link.ended({ by: "network", message: describeError(cause) }),
            },
          ),
        bufferedBytes: () => 0,
        end: () => link.ended({ by: "client", message: "done" }),
        destroy: () => exchange.destroy(),
      },
      limits,
    );
    return link;
  },
};

const users = new Users((reason) => announce("broken", reason));

const api = {
  connect: (order: ConnectOrder): Promise<{ connect: string }> => users.connect(requestResponse, order),
  prepare: async (window: WindowOrder): Promise<void> => users.prepare(window),
  send: (): Promise<void> => users.send(),
  collect: ({ drainMs }: { drainMs: number }): Promise<GeneratorWindow> => users.collect(drainMs),
};

export type HttpGeneratorApi = typeof api;

answerCalls(api);
