import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { browserHeaders } from "../protocol/options/browser-headers.ts";
import { close } from "../protocol/options/close.ts";
import { heartbeat } from "../protocol/options/heartbeat.ts";
import { plainLogin } from "../protocol/options/plain-login.ts";
import { scramIterations } from "../protocol/options/scram-iterations.ts";
import { tls as tlsOption } from "../protocol/options/tls.ts";
import { boshFraming } from "../protocol/wires/framing-bytes.ts";
import { closeServer, listenOn, trackSockets } from "./connection/listening.ts";
import { certificateOf, serverTls } from "./connection/tls.ts";
import { serveRoutes } from "./http/routes.ts";
import { createHttpServer, httpApplication } from "./http/server.ts";
import { BoshManager } from "./xmpp/bosh-manager.ts";
import { standaloneEchoFraming } from "./xmpp/echo-framing.ts";
import { newHost, returnPath } from "./xmpp/host.ts";
import { knownMechanisms } from "./xmpp/sasl.ts";

/** Where most servers have it. */
const path = "/http-bind";

/** The server of `xmpp` on pairs of HTTP requests and responses: the same accounts, routing and behaviour. */
export const boshServer: ProtocolServer = {
  traits: {
    name: "bosh",
    title: "XMPP over BOSH",
    summary: "XEP-0124, XEP-0206: XML stanzas in HTTP requests, of which the server holds one (hold=1, requests=2)",
    variantOf: "xmpp",
    uplink: "request",
    downlink: "held-request",
    framing: "text",
    schemes: ["http:", "https:"],
    foreignContract:
      "accounts that deliver messages to their own full JID (https://USER:<PASSWORD>@HOST:PORT/PATH; user%d is user0, user1 " +
      "and so on, one for each user), or an address that echoes (...?to=JID); ?domain=DOMAIN where it is not HOST",
    specification: "XEP-0124, XEP-0206",
    returnPath,
    mechanisms: knownMechanisms,
    provides: ["login", "presence", "acknowledgement"],
    resumesBy: "request",
    options: [
      heartbeat({
        usual: "25s",
        does: "the server holds a request for as long (wait), e.g. 25s, and then answers with nothing",
      }),
      plainLogin,
      scramIterations,
      close,
      browserHeaders,
      tlsOption,
    ],
    heartbeat: {
      noticedBy: ["server", "client"],
      practice: "held as long as in long polling (RFC 6202 section 5.5)",
    },
    framingBytes: (form, bytes, direction) => standaloneEchoFraming(form, bytes, direction) + boshFraming(direction),
    leavesAfterTurn: () => true,
    libraries: { server: ["@xmpp/xml"], client: ["undici", "@xmpp/xml"] },
  },

  async listen({ host: address, port, ...settings }: ListenOptions): Promise<RunningServer> {
    const { host, credentials } = newHost(settings);
    const manager = new BoshManager(host);
    const tls = await serverTls(settings.options, httpApplication);
    const server = createHttpServer(
      host.limits,
      serveRoutes([
        {
          path: /^\/http-bind\/?$/,
          methods: { POST: ({ request, response }) => manager.serve(request, response) },
        },
      ]),
      tls,
    );
    const sockets = trackSockets(server);
    const authority = await listenOn(server, address, port);
    const { domain } = host.router;
    return {
      ...certificateOf(tls),
      url: `${tls ? "https" : "http"}://${credentials}@${authority}${path}?to=${domain}&domain=${domain}`,
      get connections() {
        return host.links.size;
      },
      async close() {
        // The sockets first: whoever waits for a message learns that the server is gone, not that it said goodbye.
        const closed = closeServer(server, sockets);
        manager.close();
        await closed;
      },
    };
  },
};
