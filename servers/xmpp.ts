import { createServer } from "node:net";
import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { plainLogin } from "../protocol/options/plain-login.ts";
import { closeServer, listenOn, trackSockets } from "./connection/listening.ts";
import { newHost } from "./xmpp/host.ts";
import { XmppTcpStream } from "./xmpp/tcp-stream.ts";

/**
 * XMPP over TCP (RFC 6120, RFC 6121): accounts without number, rosters, presence and rooms, in memory. A message to the
 * server's domain goes to the behaviour. No offline store, no federation.
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
      "xmpps://USER:PASSWORD@HOST:PORT/; user%d is user0, user1 and so on, one for each user), or an address that echoes " +
      "(xmpps://USER:PASSWORD@HOST:PORT/JID)",
    specification: "RFC 6120",
    options: [plainLogin],
    libraries: { server: ["@xmpp/xml"], client: ["@xmpp/client-core", "@xmpp/tcp", "@xmpp/xml"] },
  },

  async listen({ host: address, port, ...options }: ListenOptions): Promise<RunningServer> {
    const { host, credentials } = newHost(options);
    const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
      const stream = new XmppTcpStream(socket, host);
      // Those still logging in count too, so that nobody can hold more of them than of the others.
      if (host.sessions.size > host.limits.connectionsMax) stream.fail("resource-constraint", "too many connections");
    });
    const sockets = trackSockets(server);
    const authority = await listenOn(server, address, port);
    return {
      url: `xmpp://${credentials}@${authority}/${host.router.domain}`,
      get connections() {
        return host.links.size;
      },
      close: () => closeServer(server, sockets),
    };
  },
};
