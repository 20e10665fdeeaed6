import type { IncomingMessage } from "node:http";
import type { RawData, WebSocket } from "ws";
import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { compresses, deflate, deflateSettings } from "../protocol/options/deflate.ts";
import { heartbeat, heartbeatMs } from "../protocol/options/heartbeat.ts";
import { tls as tlsOption } from "../protocol/options/tls.ts";
import { webSocketFraming } from "../protocol/wires/framing-bytes.ts";
import { ServerLink } from "./connection/link.ts";
import { closeServer, listenOn, trackSockets } from "./connection/listening.ts";
import { certificateOf, serverTls } from "./connection/tls.ts";
import { pingRegularly } from "./connection/websocket-heartbeat.ts";
import { createHttpServer, httpApplication } from "./http/server.ts";
import { serveUpgrades, type Upgrades, upgradeRequired } from "./http/websocket-upgrades.ts";

/** RFC 6455 section 7.4.1, and the IANA registry that continues it. */
const closeCodes = { normal: 1000, serviceRestart: 1012, tryAgainLater: 1013 } as const;

/** WebSocket (RFC 6455) with the `ws` library; compression off unless it is asked for, since it is a variable of its own. */
export const websocketServer: ProtocolServer = {
  traits: {
    name: "websocket",
    aliases: ["ws", "wss"],
    title: "WebSocket",
    summary: "RFC 6455: one upgraded connection, framed messages both ways",
    uplink: "stream",
    downlink: "stream",
    framing: "binary",
    schemes: ["ws:", "wss:"],
    foreignContract: "echo every message as it came: text as text, binary as binary",
    specification: "RFC 6455",
    options: [
      browserHeaders,
      deflate,
      heartbeat({ usual: "30s", does: "the server pings at this interval, e.g. 30s (RFC 6455 section 5.5.2)" }),
      tlsOption,
    ],
    heartbeat: {
      noticedBy: ["server", "client"],
      // An empty ping, and its pong with a mask.
      bytes: 2 + 6,
      practice: "the example in the README of ws; half of what nginx lets pass in silence (proxy_read_timeout, 60 s)",
    },
    framingBytes: (_form, bytes, direction) => webSocketFraming(bytes, direction),
    // zlib works on another thread.
    leavesAfterTurn: compresses,
    libraries: { server: ["ws"], client: ["ws"] },
  },

  async listen({ host, port, behaviour, limits, options }: ListenOptions): Promise<RunningServer> {
    const links = new Set<ServerLink>();
    const tls = await serverTls(options, httpApplication);
    const httpServer = createHttpServer(limits, upgradeRequired("a WebSocket endpoint (RFC 6455)"), tls);
    const sockets = trackSockets(httpServer);
    const upgrades: Upgrades = {
      // Unless there is a context, `ws` compresses long messages only.
      perMessageDeflate: compresses(options) && { zlibDeflateOptions: deflateSettings },
      maxPayload: limits.payloadBytesMax,
      verifyClient: (_info, accept) =>
        links.size < limits.connectionsMax ? accept(true) : accept(false, 503, "too many connections"),
    };
    serveUpgrades(httpServer, limits, upgrades, serve);
    const authority = await listenOn(httpServer, host, port);

    function serve(webSocket: WebSocket, { socket }: IncomingMessage): void {
      const link = new ServerLink(
        {
          transmit: (payload) => webSocket.send(payload),
          queuedBytes: () => webSocket.bufferedAmount,
          end: (why) => webSocket.close(why === "restart" ? closeCodes.serviceRestart : closeCodes.normal),
          endSlowConsumer: () => {
            webSocket.close(closeCodes.tryAgainLater, "slow consumer");
            webSocket.terminate();
          },
        },
        behaviour,
        limits,
        links,
      );
      webSocket.on("message", (data: RawData, isBinary: boolean) => {
        const bytes = data as Buffer;
        link.receive(isBinary ? bytes : bytes.toString());
      });
      webSocket.on("error", () => {});
      webSocket.on("close", () => link.ended());
      pingRegularly(webSocket, socket, heartbeatMs(options));
    }

    return {
      url: `${tls ? "wss" : "ws"}://${authority}/`,
      ...certificateOf(tls),
      get connections() {
        return links.size;
      },
      close: () => closeServer(httpServer, sockets),
    };
  },
};
