import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { heartbeat } from "../protocol/options/heartbeat.ts";
import { plainLogin } from "../protocol/options/plain-login.ts";
import { scramIterations } from "../protocol/options/scram-iterations.ts";
import { tlsOrStarttls } from "../protocol/options/tls.ts";
import { closeServer, createListener, listenOn, trackSockets } from "./connection/listening.ts";
import { certificateOf, serverTls } from "./connection/tls.ts";
import { echoFraming } from "./xmpp/echo-framing.ts";
import { newHost, returnPath } from "./xmpp/host.ts";
import { knownMechanisms } from "./xmpp/sasl.ts";
import { starttlsContext } from "./xmpp/starttls.ts";
import { XmppTcpStream } from "./xmpp/tcp-stream.ts";

/** Name in the TLS handshake (ALPN; XEP-0368). */
const application = "xmpp-client";

/**
 * XMPP over TCP (RFC 6120, RFC 6121): accounts without number, rosters, presence and rooms, in memory. A message to the
 * server's domain goes to the behaviour. Sessions can be resumed (XEP-0198). In clear, over TLS, or by STARTTLS, which is
 * required then. No offline store, no federation.
 */
export const xmppServer: ProtocolServer = {
  traits: {
    name: "xmpp",
    aliases: ["jabber"],
    title: "XMPP",
    summary: "RFC 6120: XML stanzas on a TCP stream, after login and resource binding",
    uplink: "stream",
    downlink: "stream",
    framing: "text",
    schemes: ["xmpp:", "xmpps:"],
    foreignContract:
      "accounts that deliver messages to their own full JID (xmpp:// or, with TLS from the first byte on, " +
      "xmpps://USER:<PASSWORD>@HOST:PORT/; user%d is user0, user1 and so on, one for each user), or an address that echoes " +
      "(xmpps://USER:<PASSWORD>@HOST:PORT/JID)",
    specification: "RFC 6120",
    returnPath,
    mechanisms: knownMechanisms,
    provides: ["login", "presence", "acknowledgement", "resume"],
    resumesBy: "session",
    options: [
      heartbeat({ usual: "60s", does: "the server pings at this interval, e.g. 60s (XEP-0199)" }),
      plainLogin,
      scramIterations,
      tlsOrStarttls,
    ],
    heartbeat: {
      noticedBy: ["server", "client"],
      practice: "the default of mod_ping in ejabberd and MongooseIM, 60 seconds (XEP-0199)",
    },
    framingBytes: echoFraming,
    libraries: { server: ["@xmpp/xml"], client: ["@xmpp/client-core", "@xmpp/tcp", "@xmpp/xml"] },
  },

  async listen({ host: address, port, ...settings }: ListenOptions): Promise<RunningServer> {
    const { host, credentials } = newHost(settings);
    const { options } = settings;
    const [direct, starttls] = await Promise.all([
      serverTls(options, application),
      serverTls(options, undefined, "starttls"),
    ]);
    const context = starttls && starttlsContext(starttls);
    const server = createListener(direct, host.limits, (socket) => {
      const stream = new XmppTcpStream(socket, host, context);
      // Those still logging in count too, so that nobody can hold more of them than of the others.
      if (host.sessions.size > host.limits.connectionsMax) stream.fail("resource-constraint", "too many connections");
    });
    const sockets = trackSockets(server);
    const authority = await listenOn(server, address, port);
    return {
      ...certificateOf(direct ?? starttls),
      url: `${direct ? "xmpps" : "xmpp"}://${credentials}@${authority}/${host.router.domain}`,
      get connections() {
        return host.links.size;
      },
      close: () => {
        host.resumptions.close();
        return closeServer(server, sockets);
      },
    };
  },
};
