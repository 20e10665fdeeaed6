import type { IncomingMessage, RequestListener } from "node:http";
import { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { plainLogin } from "../protocol/options/plain-login.ts";
import { scramIterations } from "../protocol/options/scram-iterations.ts";
import { tls as tlsOption } from "../protocol/options/tls.ts";
import { webSocketFraming } from "../protocol/wires/framing-bytes.ts";
import { encodedBytesMax } from "../protocol/wires/payload.ts";
import { closeServer, listenOn, trackSockets } from "./connection/listening.ts";
import { certificateOf, serverTls } from "./connection/tls.ts";
import { refuse } from "./http/answer.ts";
import { createHttpServer, httpApplication } from "./http/server.ts";
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
    options: [plainLogin, scramIterations, browserHeaders, tlsOption],
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
    const httpServer = createHttpServer(limits, refuseRequest, tls);
    const sockets = trackSockets(httpServer);
    // How long a peer may take to answer a close frame; not among the types of `ws` yet.
    const closing = { closeTimeout: limits.handshakeMs };
    const webSocketServer = new WebSocketServer({
      ...closing,
      server: httpServer,
      perMessageDeflate: false,
      maxPayload: encodedBytesMax(limits.payloadBytesMax),
      clientTracking: false,
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
    });
    webSocketServer.on("connection", (webSocket, { socket }) => {
      new XmppWebSocketStream(webSocket, host, socket instanceof TLSSocket);
    });
    // `ws` hands on the errors of the HTTP server, of which `listenOn` tells the caller; unheard they would be thrown.
    webSocketServer.on("error", () => {});
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

/** RFC 9110 section 15.5.22. */
const refuseRequest: RequestListener = (_request, response) =>
  refuse(response, 426, "this is an XMPP WebSocket endpoint (RFC 7395)", {
    connection: "upgrade, close",
    upgrade: "websocket",
  });
