import type { IncomingMessage } from "node:http";
import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { heartbeat } from "../protocol/options/heartbeat.ts";
import { plainLogin } from "../protocol/options/plain-login.ts";
import { scramIterations } from "../protocol/options/scram-iterations.ts";
import { tls as tlsOption } from "../protocol/options/tls.ts";
import { webSocketFraming } from "../protocol/wires/framing-bytes.ts";
import { encodedBytesMax } from "../protocol/wires/payload.ts";
import { closeServer, listenOn, trackSockets } from "./connection/listening.ts";
import { certificateOf, serverTls } from "./connection/tls.ts";
import { createHttpServer, httpApplication } from "./http/server.ts";
import { serveUpgrades, type Upgrades, upgradeRequired } from "./http/websocket-upgrades.ts";
import { standaloneEchoFraming } from "./xmpp/echo-framing.ts";
import { newHost, returnPath } from "./xmpp/host.ts";
import { knownMechanisms } from "./xmpp/sasl.ts";
import { XmppWebSocketStream } from "./xmpp/websocket-stream.ts";

/** Where most servers have it. */
const path = "/xmpp-websocket";
/** RFC 7395 section 3.1. */
const subprotocol = "xmpp";

/** The server of `xmpp` on WebSocket: the same accounts, routing and behaviour behind another transport. */
export const xmppWebsocketServer: ProtocolServer = {
  traits: {
    name: "xmpp-websocket",
    aliases: ["xmpp-ws"],
    title: "XMPP over WebSocket",
    summary: "RFC 7395: XML stanzas, each a WebSocket message, after login and resource binding",
    variantOf: "xmpp",
    uplink: "stream",
    downlink: "stream",
    framing: "text",
    schemes: ["ws:", "wss:"],
    foreignContract:
      "accounts that deliver messages to their own full JID (wss://USER:<PASSWORD>@HOST:PORT/PATH; user%d is user0, user1 and " +
      "so on, one for each user), or an address that echoes (...?to=JID); ?domain=DOMAIN where it is not HOST",
    specification: "RFC 7395",
    returnPath,
    mechanisms: knownMechanisms,
    provides: ["login", "presence", "acknowledgement", "resume"],
    resumesBy: "session",
    options: [
      heartbeat({
        usual: "60s",
        does: "the server pings at this interval, e.g. 60s, by WebSocket (RFC 6455 section 5.5.2)",
      }),
      plainLogin,
      scramIterations,
      browserHeaders,
      tlsOption,
    ],
    heartbeat: {
      noticedBy: ["server", "client"],
      // An empty ping, and its pong with a mask.
      bytes: 2 + 6,
      practice: "the default of websocket_ping_interval in ejabberd, 60 seconds",
    },
    framingBytes(form, bytes, direction) {
      const stanza = standaloneEchoFraming(form, bytes, direction);
      return stanza + webSocketFraming(bytes + stanza, direction);
    },
    libraries: { server: ["ws", "@xmpp/xml"], client: ["ws", "@xmpp/xml"] },
  },

  async listen({ host: address, port, ...settings }: ListenOptions): Promise<RunningServer> {
    const { host, credentials } = newHost(settings);
    const { limits } = host;
    const tls = await serverTls(settings.options, httpApplication);
    const httpServer = createHttpServer(limits, upgradeRequired("an XMPP WebSocket endpoint (RFC 7395)"), tls);
    const sockets = trackSockets(httpServer);
    const upgrades: Upgrades = {
      perMessageDeflate: false,
      maxPayload: encodedBytesMax(limits.payloadBytesMax),
      handleProtocols: () => subprotocol,
      verifyClient(
        { req }: { req: IncomingMessage },
        accept: (accepted: boolean, status?: number, why?: string) => void,
      ) {
        const asked = (req.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
        if (req.url?.split("?", 1)[0] !== path) accept(false, 404, "no such path");
        else if (!asked.includes(subprotocol)) accept(false, 400, "expected the subprotocol xmpp (RFC 7395)");
        else if (host.sessions.size >= limits.connectionsMax) accept(false, 503, "too many connections");
        else accept(true);
      },
    };
    serveUpgrades(httpServer, limits, upgrades, (webSocket, { socket }) => {
      new XmppWebSocketStream(webSocket, host, socket);
    });
    const authority = await listenOn(httpServer, address, port);
    const { domain } = host.router;
    return {
      ...certificateOf(tls),
      url: `${tls ? "wss" : "ws"}://${credentials}@${authority}${path}?to=${domain}&domain=${domain}`,
      get connections() {
        return host.links.size;
      },
      close: () => {
        host.resumptions.close();
        return closeServer(httpServer, sockets);
      },
    };
  },
};
