import type { Limits } from "../../../protocol/contract.ts";
import { describeError, WirebenchError } from "../../../protocol/errors.ts";
import { closeServer, listenOn, trackSockets } from "../../connection/listening.ts";
import { refuse } from "../../http/answer.ts";
import { serveRoutes } from "../../http/routes.ts";
import { createHttpServer } from "../../http/server.ts";

export interface ReadinessOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
  /** Why the node is not ready, in words; undefined when it is. Asked at every request. */
  readonly unready: () => string | undefined;
}

export interface Readiness {
  readonly url: string;
  close(): Promise<void>;
}

/** `GET /ready` for a load balancer's health checks: 200, or 503 with the reason as text. */
export async function listenReadiness({ host, port, limits, unready }: ReadinessOptions): Promise<Readiness> {
  const server = createHttpServer(
    limits,
    serveRoutes([
      {
        path: /^\/ready$/,
        methods: {
          GET: ({ response }) => {
            const reason = unready();
            const headers = { "content-type": "text/plain", "cache-control": "no-store" };
            if (reason === undefined) response.writeHead(200, headers).end("ready\n");
            else refuse(response, 503, reason, headers);
          },
        },
      },
    ]),
  );
  const sockets = trackSockets(server);
  const authority = await listenOn(server, host, port);
  return { url: `http://${authority}/ready`, close: () => closeServer(server, sockets) };
}

/** Names the address and the purpose, which Node's own sentence leaves to the reader. */
export async function bound<T>(what: string, host: string, port: number, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "EADDRINUSE" ? "the port is taken" : describeError(error);
    throw new WirebenchError("process-failed", `${what} cannot listen on ${host}:${port}: ${why}`, { cause: error });
  }
}
